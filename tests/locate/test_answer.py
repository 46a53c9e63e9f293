from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
import torch

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.evidence.source import from_vectors
from geoclip_core.locate.answer import Answer, Candidate
from geoclip_core.locate.credible import CredibleRegion
from geoclip_core.locate.posterior import Posterior
from geoclip_core.locate.query import Query
from geoclip_core.places.nearest import nearest_places

POINTS = ((48.8584, 2.2945), (40.6892, -74.0445), (-33.8568, 151.2153))


def answered(*shares: float) -> Answer:
    points = POINTS[: len(shares)]
    candidates = tuple(
        Candidate(latlon, share, 1.0, place)
        for latlon, share, place in zip(points, shares, nearest_places(points), strict=True)
    )
    query = Query(from_vectors("text", "a text", torch.eye(4)[:1]))
    found = Posterior(np.array(points), np.ones(len(points)), np.array(shares), 1.0)
    return Answer(candidates, "embedded", (), query, found, points[0])


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ((0.999,), "The first place holds > 99 % of the probability."),
        ((0.95, 0.03), "The first place holds 95 % of the probability."),
        ((0.6, 0.35, 0.05), "The first place holds 60 % of the probability, and 2 places together hold 95 %."),
        (
            (0.3, 0.2, 0.1),
            "The first place holds 30 % of the probability, and all 3 places together only 60 %: "
            "the rest lies elsewhere.",
        ),
        ((0.4,), "The first place holds 40 % of the probability, and the rest lies elsewhere."),
    ],
)
def test_how_sure_in_plain_words(shares, said):
    told = answered(*shares).confidence_text()
    assert told == f"{said} This is the model's own confidence, which is not calibrated."


def test_a_region_adds_its_area_and_says_if_that_is_a_bound():
    region = CredibleRegion(0.9, 0.9, 123_456.0, shapely.MultiPolygon(), False)
    answer = answered(0.95)
    assert "; 90 % lies within 120 000 km². This" in answer.confidence_text(region)
    assert "; 90 % lies within at most 120 000 km². This" in answer.confidence_text(replace(region, upper_bound=True))


def test_distances_to_the_next_candidate():
    km = answered(0.5, 0.3, 0.2).next_km
    assert km[:2] == pytest.approx(great_circle_km(POINTS[:-1], POINTS[1:]))
    assert km[2] is None
    assert answered(1.0).next_km == (None,)
