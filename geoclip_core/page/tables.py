"""Tables that answers need, made ahead: ``python -m geoclip_core.page.tables``, which ``make setup`` runs once.

Where they are missing all the same (an emptied cache folder, an installed package), the page makes them behind its
progress bar.
"""

from __future__ import annotations

import sys

from geoclip_core.files import Progress, cache_folder
from geoclip_core.page import texts

_BAR = 30  # characters


def make_tables(progress: Progress | None = None) -> None:
    """Make what the cache folder does not hold: the gazetteer, and what names, descriptions, regions and scenes need.

    Args:
        progress: Told how many places are packed, then how many names are encoded, each time out of how many.
    """
    from geoclip_core.earth.regions import parse_region
    from geoclip_core.locate.load import load_locator
    from geoclip_core.places.gazetteer import prepare_gazetteer
    from geoclip_core.text.reader import shared_reader

    prepare_gazetteer(progress)
    shared_reader().prepare(progress)
    locator = load_locator("embedded")
    locator.locate(text="Munich", region="Bavaria")
    locator.gallery.inside(parse_region("DE"))


def _bar(done: int, total: int) -> None:
    if not sys.stderr.isatty():
        return
    filled = _BAR * done // max(total, 1)
    bar = "█" * filled + "·" * (_BAR - filled)
    print(f"\r{texts.TABLES.format(done=done, total=total)} {bar}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    make_tables(_bar)
    back = "\r" if sys.stderr.isatty() else ""
    print(f"{back}{texts.TABLES_KEPT.format(folder=cache_folder())}{' ' * _BAR}", file=sys.stderr)
