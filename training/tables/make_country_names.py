"""Make ``assets/country_names_cldr.csv``: what languages call the countries, from Unicode's CLDR.

Reads CLDR from the package ``babel``, which the extra ``dev`` installs::

    python training/tables/make_country_names.py
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict

from geoclip_core.earth.country_names import countries_by_name, country_spellings
from geoclip_core.files import asset_path, write_text
from geoclip_core.places.gazetteer import load_gazetteer
from geoclip_core.places.names import normalise
from geoclip_core.places.words import kind_words
from geoclip_core.text.spans import common_words

LANGUAGES = """
af am ar az be bg bn bs ca cs cy da de el es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko ky lo
lt lv mk ml mn mr ms my nb ne nl nn pa pl ps pt pt_PT ro ru sd si sk sl sq sr sr_Latn sv sw ta te th tk tr uk ur uz vi
yue zh zh_Hant zu
""".split()  # noqa: SIM905
LARGE_CITY = 50_000  # people; "Brasilia" is a city, though Finnish calls Brazil so
SHORTEST = 3  # letters of a name in Latin script


def country_names() -> dict[str, list[str]]:
    """Names of every country by its code; a name that two countries bear, or an ordinary word, is left out."""
    from babel import Locale

    known = {normalise(name) for row in country_spellings() for name in row.names}
    known |= {normalise(name) for name in countries_by_name().values()}
    gazetteer = load_gazetteer()
    cities = gazetteer.rows_of_kind("city")
    known |= {normalise(gazetteer.name(int(row))) for row in cities[gazetteer.population[cities] >= LARGE_CITY]}
    found: dict[str, dict[str, str]] = defaultdict(dict)  # normalised name to {code: as written}
    for language in LANGUAGES:
        territories = Locale.parse(language).territories
        for code in countries_by_name():
            name = str(territories.get(code, "")).strip()
            key = normalise(name)
            if len(key) >= (SHORTEST if key.isascii() else 2) and "|" not in name:
                found[key].setdefault(code, name)
    names: dict[str, list[str]] = {code: [] for code in countries_by_name()}
    for key, codes in found.items():
        if len(codes) == 1 and not (key in known or key in kind_words() or key in common_words()):
            for code, name in codes.items():
                names[code].append(name)
    return names


def main() -> None:
    """Write the table."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("code", "names"))
    writer.writerows((code, "|".join(names)) for code, names in sorted(country_names().items()) if names)
    write_text(asset_path("country_names.csv").with_name("country_names_cldr.csv"), table.getvalue())


if __name__ == "__main__":
    main()
