"""Scoring against slow references written here."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from geoclip_core.earth.disk import Disk
from geoclip_core.earth.distance import disk_points, great_circle_km
from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import QueryError
from geoclip_core.evidence.source import Evidence, from_points, from_vectors
from geoclip_core.locate.candidates import distinct_places
from geoclip_core.locate.density import log_density
from geoclip_core.locate.posterior import posterior
from geoclip_core.locate.query import Query
from geoclip_core.model.encode import encode_points
from geoclip_core.weights.load import read_gallery
from geoclip_core.weights.registry import MODELS

EIFFEL = (48.8584, 2.2945)
BOSTON = (42.36, -71.06)


def visual(released, *points, noise: float = 0.0) -> Query:
    torch.manual_seed(0)
    vectors = encode_points(released.encoder, list(points))
    return Query(from_vectors("visual", "a photo", vectors + noise * torch.randn_like(vectors) / 512**0.5))


def text(released, latlon, radius_km: float, n: int, disk: Disk | None = None) -> Evidence:
    points = disk_points(latlon, radius_km, n)
    disks = (disk,) if disk else ()
    return from_points("text", "a text", points, np.ones(n), np.full(n, 1.0), disks)


def test_one_vector_is_the_softmax_of_the_paper(released):
    query = visual(released, EIFFEL, noise=1.0)
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    rows = read_gallery(MODELS["geoclip"])
    points, where = np.unique(rows, axis=0, return_inverse=True)
    vectors = released.gallery.vectors[torch.from_numpy(where.ravel())].double()
    slow = torch.softmax(released.scale * vectors @ query.evidence[0].vectors[0].double(), 0).numpy()
    summed = np.bincount(where.ravel(), weights=slow)
    assert np.array_equal(answer.latlon, points)
    np.testing.assert_allclose(answer.probability, summed, rtol=2e-3, atol=1e-9)
    assert answer.probability.sum() == pytest.approx(1, abs=1e-12)


def slow_posterior(query, released, rows):
    """Alternatives mix, evidence multiplies, in plain loops over a few points."""
    latlon = released.gallery.latlon[rows]
    vectors = released.gallery.vectors[rows].double().numpy()
    weights = released.gallery.weights[rows]
    total = np.zeros(len(rows))
    for part in query.evidence:
        density = np.zeros(len(rows))
        for weight, vector in zip(part.weights, part.vectors.double().numpy(), strict=True):
            logits = released.scale * vectors @ vector
            density += weight * np.exp(logits) / (weights * np.exp(logits)).sum()
        total += part.power * np.log(density)
    mass = weights * np.exp(total - total.max())
    return latlon, mass / mass.sum()


def test_alternatives_mix_and_evidence_multiplies(released):
    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(len(released.gallery), 300, replace=False))
    small = type(released.gallery)(
        released.gallery.latlon[rows],
        released.gallery.weights[rows],
        released.gallery.spread_km[rows],
        lambda: released.gallery.vectors[rows],
    )
    torch.manual_seed(1)
    unit = F.normalize(torch.randn(7, 512), dim=1)
    several = Evidence("text", "five meanings", np.array([0.4, 0.3, 0.2, 0.06, 0.04]), unit[:5])
    query = Query((several, *from_vectors("visual", "two views", unit[5:])))
    answer = posterior(query, small, released.encoder, released.scale)
    latlon, slow = slow_posterior(query, released, rows)
    assert np.array_equal(answer.latlon, latlon)
    np.testing.assert_allclose(answer.probability, slow, rtol=1e-4, atol=1e-9)


def test_off_the_gallery_every_alternative_is_a_hill_of_its_weight(released):
    torch.manual_seed(3)
    unit = F.normalize(torch.randn(70, 512), dim=1)  # more than are multiplied at once
    weights = np.random.default_rng(3).dirichlet(np.ones(66))
    query = Query((Evidence("text", "66 meanings", weights, unit[:66]), *from_vectors("visual", "views", unit[66:])))
    vectors = released.gallery.vectors[:50]
    cos = (vectors.double() @ unit.double().T).numpy()
    hills = np.log((weights * np.exp(released.scale * cos[:, :66])).sum(1))
    slow = hills + released.scale * cos[:, 66:].mean(1)
    logs = log_density(query, released.gallery.latlon[:50], vectors, released.scale)
    np.testing.assert_allclose(logs - logs[0], slow - slow[0], atol=1e-3)


def test_views_of_one_photo_average_their_logits(released):
    torch.manual_seed(2)
    views = torch.randn(10, 512)
    query = Query(from_vectors("visual", "ten crops", views))
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    mean = F.normalize(views, dim=1).mean(0)
    slow = torch.softmax(released.scale * released.gallery.vectors @ mean + _log_weights(released), 0)
    np.testing.assert_allclose(answer.probability, slow.numpy(), rtol=2e-3, atol=1e-9)


def _log_weights(released):
    return torch.from_numpy(np.log(released.gallery.weights)).float()


def test_power_zero_silences_evidence(released):
    both = Query((text(released, BOSTON, 5, 20), *visual(released, EIFFEL).evidence))
    only_photo = distinct_places(*_answer(both.weighted([0, 1]), released), 1)
    only_text = distinct_places(*_answer(both.weighted([1, 0]), released), 1)
    assert great_circle_km(only_photo[0].latlon, EIFFEL) < 25
    assert great_circle_km(only_text[0].latlon, BOSTON) < 25
    with pytest.raises(QueryError, match="no evidence"):
        both.weighted([0, 0])
    with pytest.raises(QueryError, match="1 weights"):
        both.weighted([1])


def _answer(query, released):
    return posterior(query, released.gallery, released.encoder, released.scale), query


def test_the_gallery_is_no_limit(released):
    """A place 100s of km from any gallery point is found where the question names it."""
    middle_of_nowhere = (23.2, 8.1)
    near = great_circle_km(middle_of_nowhere, released.gallery.latlon).min()
    assert near > 50
    named = text(released, middle_of_nowhere, 5, 10, Disk("nowhere", middle_of_nowhere, 5))
    best = distinct_places(*_answer(Query((named,)), released), 1)[0]
    assert best.latlon == middle_of_nowhere
    assert best.probability > 0.9


def test_a_region_restricts_before_normalising(released):
    query = visual(released, EIFFEL, noise=2.0)
    free = posterior(query, released.gallery, released.encoder, released.scale)
    region = parse_region("DE")
    held = posterior(query.within(region), released.gallery, released.encoder, released.scale)
    inside = region.contains(free.latlon)
    assert held.probability[~inside].sum() == 0
    assert held.probability.sum() == pytest.approx(1)
    assert held.region_share == pytest.approx(free.probability[inside].sum(), rel=1e-6)
    np.testing.assert_allclose(held.probability[inside] * held.region_share, free.probability[inside], rtol=1e-5)


def test_a_region_without_gallery_points_is_sampled(released):
    query = visual(released, EIFFEL).within(parse_region("10,-150,20"))  # open Pacific
    answer = posterior(query, released.gallery, released.encoder, released.scale)
    where = answer.latlon[answer.probability > 0]
    assert len(where) >= 16
    assert great_circle_km((10, -150), where).max() <= 20 + 1e-6
    assert answer.probability.sum() == pytest.approx(1)
    assert answer.region_share == 0


@pytest.mark.parametrize("region", ["-18,179.9,300", "89.9,0,400"])
def test_regions_at_the_edges_of_maps(released, region):
    query = visual(released, EIFFEL).within(parse_region(region))
    lat, lon, radius = map(float, region.split(","))
    for peak in distinct_places(*_answer(query, released), 5):
        assert great_circle_km((lat, lon), peak.latlon) <= radius + 1e-6


def test_candidates_are_distinct_places(released):
    answer, query = _answer(visual(released, EIFFEL, noise=2.5), released)
    peaks = distinct_places(answer, query, 20)
    assert len(peaks) == 20
    latlon = np.array([p.latlon for p in peaks])
    away = great_circle_km(latlon[:, None], latlon[None]) + 1e6 * np.eye(20)
    assert away.min() > 25
    found = [p.probability for p in peaks]
    assert found == sorted(found, reverse=True)
    assert sum(found) <= 1 + 1e-9


def test_a_candidate_sums_what_it_absorbs(released):
    answer, query = _answer(visual(released, EIFFEL), released)
    best = distinct_places(answer, query, 1)[0]
    near = great_circle_km(best.latlon, answer.latlon) <= 25
    assert best.probability == pytest.approx(answer.probability[near].sum())
    within = great_circle_km(best.latlon, answer.latlon) <= best.radius_km + 1e-9
    assert answer.probability[within].sum() >= best.probability / 2


def test_named_places_absorb_their_extent(released):
    sahara = Disk("Sahara", (23.0, 10.0), 900)
    evidence = text(released, sahara.latlon, sahara.radius_km, 60, sahara)
    peaks = distinct_places(*_answer(Query((evidence,)), released), 5)
    assert peaks[0].disk is sahara
    assert peaks[0].probability > 0.95
    assert 300 < peaks[0].radius_km < 900


def test_the_likelier_of_two_overlapping_meanings_keeps_its_ground(released):
    pyramids, town = Disk("Pyramids", (29.977, 31.133), 1, 0.9), Disk("Giza", (30.009, 31.209), 15, 0.1)
    points = np.concatenate([disk_points(pyramids.latlon, 1, 5), disk_points(town.latlon, 15, 20)])
    weights = np.concatenate([np.full(5, 0.9 / 5), np.full(20, 0.1 / 20)])
    evidence = from_points("text", "Pyramids of Giza", points, weights, np.ones(25), (town, pyramids))
    best = distinct_places(*_answer(Query((evidence,)), released), 1)[0]
    assert best.disk is pyramids


def test_bad_evidence_is_refused():
    unit = F.normalize(torch.randn(2, 512), dim=1)
    with pytest.raises(QueryError, match="one weight per alternative"):
        Evidence("text", "x", np.ones(3) / 3, unit)
    with pytest.raises(QueryError, match="no evidence"):
        Query(())
    with pytest.raises(QueryError, match="sum to nothing"):
        from_points("text", "x", np.zeros((2, 2)), np.zeros(2), np.ones(2))
    with pytest.raises(QueryError, match="weight of evidence"):
        Evidence("text", "x", np.ones(2) / 2, unit, power=-1)
