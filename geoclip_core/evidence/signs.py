"""Text in a photo: names and hints that are sure enough are evidence, everything else that was read is offered.

A name in a photo may stand elsewhere: a restaurant is called after its founder's home. So most lines are not believed
(``sign_reading/rule.py``), and those that are have the reliability that was measured for their kind.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np

from geoclip_core.earth.disk import Disk
from geoclip_core.earth.distance import disk_points
from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import GeoclipError
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.reliability import reliability
from geoclip_core.evidence.sign_reading.lines import SignLine, read_lines
from geoclip_core.evidence.sign_reading.names import ExactNames, NamedPlace
from geoclip_core.evidence.sign_reading.rule import Verdict, judge
from geoclip_core.evidence.source import Evidence, EvidenceSource, Finding, Offer, from_points, from_regions
from geoclip_core.photo.decode import Photo
from geoclip_core.places.region_words import region_words
from geoclip_core.text.reader import shared_reader

ELSEWHERE = (
    "A name in a photo may stand elsewhere: a restaurant, a street or a monument may be called after another place."
)
WITNESS = "the text read in the photo"

_HOW = {
    "language": "sounds like",
    "script": "is in a script of",
    "wording": "is worded as in",
    "address": "is written as addresses are in",
}
_POINTS = 24  # that stand for a disk
_QUOTED = 80  # characters that a message repeats


@functools.cache
def _names() -> ExactNames:
    return ExactNames(shared_reader().gazetteer)


class SignSource(EvidenceSource):
    """Lines of text in a photo, read by PP-OCRv6.

    Asked where no file states a place, since reading takes most of a second and the file's words are surer; and beside
    CLIP, which hardly reads.

    Args:
        network: The model; nothing of it is needed, since places are compared by distance.
    """

    name = "signs"
    fallback = True
    beside = frozenset({"clip"})

    def __init__(self, network: Network) -> None:
        del network

    def photo(self, photo: Photo, crops: int = 1) -> Finding:  # noqa: ARG002 - the whole photo is read
        """What the lines say of the place, and all of them as offers."""
        if photo.pixels is None:
            return Finding(reason="its pixels cannot be read")
        try:
            lines = read_lines(photo.image)
        except GeoclipError as error:
            told = f"Text in photos was not read: {error}"
            return Finding(reason=f"text in it cannot be read ({error.problem.removesuffix('.')})", warnings=(told,))
        if not lines:
            return Finding(reason="it holds no readable text")
        verdict = judge(lines, _names())
        offers = tuple(
            Offer(line.text, line.box, line.score, names, i in verdict.used)
            for i, (line, names) in enumerate(zip(lines, verdict.names, strict=True))
        )
        if not verdict.band:
            return Finding(reason=f"the text in it, {_quoted(lines)}, does not tell the place", offers=offers)
        return Finding((_evidence(verdict),), offers=offers, notes=(ELSEWHERE,))


def _evidence(verdict: Verdict) -> Evidence:
    trusted = reliability(SignSource.name, verdict.band)
    said = verdict.words if len(verdict.words) <= _QUOTED else f"{verdict.words[:_QUOTED]}…"
    if verdict.places:
        gazetteer = _names().gazetteer
        named = gazetteer.label(verdict.places[0].place)
        label = f"the text read in the photo, “{said}”, names {named}"
        found = replace(_of_places(label, verdict.places), reliability=trusted)
    else:
        likeliest = verdict.region or max(verdict.countries, key=lambda code: verdict.countries[code])
        shares = {verdict.region: 1.0} if verdict.region else verdict.countries
        regions = [parse_region(code) for code in shares]
        how = _HOW.get(verdict.band, "belongs to")
        label = f"the text read in the photo, “{said}”, {how} {region_words(parse_region(likeliest))}"
        found = from_regions("signs", label, regions, list(shares.values()), trusted)
    return replace(found, witness=WITNESS, band=verdict.band)


def _of_places(label: str, places: tuple[NamedPlace, ...]) -> Evidence:
    """The places over their extents; a country or a region over its towns."""
    gazetteer = _names().gazetteer
    points, weights, spreads, disks = [], [], [], []
    for named in places:
        place, share = named.place, named.weight
        rows = gazetteer.settlements(place.row)[:96]
        if place.kind in ("country", "region") and len(rows):
            population = np.sqrt(gazetteer.population[rows] + 1.0)
            points.append(gazetteer.latlon[rows])
            weights.append(share * population / population.sum())
            spreads.append(np.maximum(gazetteer.extent_km[rows].astype(np.float64), 20.0))
        else:
            extent = max(float(place.extent_km), 1.0)
            points.append(disk_points(place.latlon, extent, _POINTS))
            weights.append(np.full(_POINTS, share / _POINTS))
            spreads.append(np.full(_POINTS, extent / np.sqrt(_POINTS)))
        disks.append(Disk(gazetteer.label(place), place.latlon, float(place.extent_km), share))
    columns = np.concatenate(points), np.concatenate(weights), np.concatenate(spreads)
    return from_points("signs", label, *columns, tuple(disks))


def _quoted(lines: tuple[SignLine, ...]) -> str:
    told = "”, “".join(line.text for line in sorted(lines, key=lambda line: -line.height_px)[:3])
    return f"“{told[:_QUOTED]}…”" if len(told) > _QUOTED else f"“{told}”"
