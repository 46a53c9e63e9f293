"""Claims held against evidence: what lies where is contradicted or not, and nothing is ever confirmed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import CoordinateError, NoEvidenceError, QueryError
from geoclip_core.evidence.metadata import MetadataSource
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.locate.claim.check import CELL_KM, MOST_TIMES, _cells
from geoclip_core.locate.locator import Locator
from geoclip_core.photo.decode import Photo
from tests.conftest import Released
from tests.photo_files import jpeg, placed_photo

KYIV, LYON = (50.4501, 30.5234), (45.76, 4.84)


class Seen(EvidenceSource):
    """A source that sees fixed points with fixed probabilities."""

    name = "seen"

    def __init__(self, points: list[tuple[float, float]], weights: list[float], spread_km: float) -> None:
        self.points, self.weights = np.array(points), np.array(weights)
        self.spread_km = np.full(len(points), spread_km)

    def photo(self, photo: Photo, crops: int = 1) -> Finding:
        return Finding((from_points("visual", "what it looks like", self.points, self.weights, self.spread_km),))


def seeing(released: Released, source: EvidenceSource, *others: EvidenceSource) -> Locator:
    return Locator("test", [source, *others], released.encoder, released.gallery, released.scale)


def test_a_place_where_the_photo_says_it_is_is_not_contradicted(embedded_locator: Locator) -> None:
    found = embedded_locator.check(placed_photo(KYIV), "Kyiv")
    assert (found.verdict, found.inside, found.level, found.times) == ("not contradicted", 0.5, 0.0, 1.0)
    assert found.distance_km == 0
    assert "does not contradict" in found.sentence
    assert "confirm" not in found.sentence
    assert [(side.kind, side.says) for side in found.sides] == [("exif", "for")]
    assert embedded_locator.check(placed_photo(KYIV), "Ukraine").verdict == "not contradicted"
    assert embedded_locator.check(placed_photo(KYIV), (50.45, 30.52)).verdict == "not contradicted"


def test_another_country_is_contradicted(embedded_locator: Locator) -> None:
    found = embedded_locator.check(placed_photo(LYON), "Kyiv")
    assert (found.verdict, found.inside, found.times) == ("contradicted", None, MOST_TIMES)
    assert found.distance_km == pytest.approx(float(great_circle_km(LYON, KYIV)), abs=60)
    assert [side.says for side in found.sides] == ["against"]
    assert embedded_locator.check(placed_photo(LYON), "Spain").verdict == "contradicted"
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["verdict"] == "contradicted"
    assert plain["claim"]["words"].startswith("Kyiv")
    assert plain["sources"][0]["says"] == "against"
    assert plain["answer"]["candidates"]


def test_what_a_file_says_is_no_evidence_for_what_it_says(embedded_locator: Locator, released: Released) -> None:
    with pytest.raises(NoEvidenceError):
        embedded_locator.check(placed_photo(KYIV))
    locator = seeing(released, Seen([LYON], [1.0], 30.0), MetadataSource(Network(released.encoder)))
    found = locator.check(placed_photo(KYIV))
    assert found.verdict == "contradicted"
    assert found.claim.source == "the photo's own file"
    assert [side.kind for side in found.sides] == ["visual"]
    # Named by a person, the same place has the file as a witness, beside the pixels which speak against it.
    both = {side.kind: side.says for side in locator.check(placed_photo(KYIV), KYIV).sides}
    assert both == {"visual": "against", "exif": "for"}


def test_where_a_claim_lies_among_several_places_is_told_by_level(released: Released) -> None:
    """Three places of 60, 35 and 5 percent: inside 50 %, inside 90 %, inside 99 %; the fourth outside."""
    places = [(48.857, 2.352), (41.9, 12.5), (52.52, 13.4)]
    locator = seeing(released, Seen(places, [0.6, 0.35, 0.05], 0.1))
    checks = [locator.check(jpeg(), place) for place in [*places, KYIV]]
    assert [check.inside for check in checks] == [0.5, 0.9, 0.99, None]
    assert [check.verdict for check in checks] == ["not contradicted", "not contradicted", "doubtful", "contradicted"]
    assert [round(check.times, 2) for check in checks[:3]] == [1.0, 1.71, 12.0]
    assert [round(check.level, 2) for check in checks[:3]] == [0.0, 0.6, 0.95]


def test_levels_are_those_of_chance_where_the_truth_is_drawn_from_the_answer(released: Released) -> None:
    rng = np.random.default_rng(0)
    points = [
        (float(lat), float(lon)) for lat, lon in zip(rng.uniform(-50, 60, 40), rng.uniform(-170, 170, 40), strict=True)
    ]
    weights = rng.dirichlet(np.full(40, 0.5))
    locator = seeing(released, Seen(points, list(weights), 0.1))
    inside = [locator.check(jpeg(), point).level < 0.9 for point in points]
    assert float(weights @ inside) == pytest.approx(0.9, abs=0.06)


def test_claims_that_are_no_place_are_refused(embedded_locator: Locator) -> None:
    for claim, error in [("qwrtz asdf", QueryError), ("", QueryError), ((95.0, 0.0), CoordinateError)]:
        with pytest.raises(error):
            embedded_locator.check(placed_photo(KYIV), claim)
    with pytest.raises(QueryError, match="does not say where"):
        embedded_locator.check(jpeg())


def test_cells_are_about_as_large_everywhere() -> None:
    for lat in (-89.9, -60.0, 0.0, 45.0, 80.0):
        lon = np.linspace(-180, 179.999, 200_000)
        count = len(np.unique(_cells(np.stack([np.full_like(lon, lat), lon], axis=1))))
        around = 2 * np.pi * 6371 * np.cos(np.radians(lat))
        assert around / count == pytest.approx(CELL_KM, rel=0.15) or count < 8
