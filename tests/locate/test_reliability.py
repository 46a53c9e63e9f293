"""Evidence that is not fully reliable, and evidence of regions: mixed with where people take photos."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoclip_core.earth.regions import parse_region
from geoclip_core.errors import QueryError
from geoclip_core.evidence.reliability import reliability
from geoclip_core.evidence.source import from_points, from_regions
from geoclip_core.locate.density import log_density
from geoclip_core.locate.fusion.conflict import separate
from geoclip_core.locate.posterior import combine, compare
from geoclip_core.locate.query import Query

LLANDOVERY, LISBON = np.array([[51.995, -3.797]]), np.array([[38.72, -9.14]])


def name(latlon: np.ndarray, trusted: float = 1.0, witness: str = "the photo"):
    found = from_points("signs", "a name", latlon, np.ones(1), np.array([5.0]))
    return replace(found, reliability=trusted, witness=witness)


def asked(locator, *evidence):
    query = Query(tuple(evidence))
    return query, compare(query, locator.gallery, locator.encoder, locator.scale)


def test_the_mixture_is_r_f_and_the_rest_of_the_prior(embedded_locator) -> None:
    query, compared = asked(embedded_locator, name(LLANDOVERY))
    alone = combine(query, compared).probability
    prior = compared.prior / compared.prior.sum()
    mixed = combine(*asked(embedded_locator, name(LLANDOVERY, 0.7))).probability
    np.testing.assert_allclose(mixed, 0.7 * alone + 0.3 * prior, atol=1e-12)


def test_regions_hold_their_shares_in_proportion_to_the_prior(embedded_locator) -> None:
    germany, iceland = parse_region("DE"), parse_region("IS")
    query, compared = asked(embedded_locator, from_regions("scenes", "x", (germany, iceland), (3.0, 1.0), 0.8))
    found = combine(query, compared).probability
    gallery = embedded_locator.gallery
    prior = gallery.weights / gallery.weights.sum()
    for region, share in ((germany, 0.75), (iceland, 0.25)):
        inside = region.contains(gallery.latlon)
        wanted = 0.8 * share + 0.2 * prior[inside].sum()
        assert found[inside].sum() == pytest.approx(wanted, rel=1e-6)
        np.testing.assert_allclose(found[inside] / prior[inside], found[inside].sum() / prior[inside].sum(), rtol=1e-6)


def test_a_wrong_name_cannot_beat_what_the_user_typed(embedded_locator) -> None:
    query, compared = asked(
        embedded_locator, name(LLANDOVERY, 0.7, "the text read in the photo"), name(LISBON, 1.0, "the text")
    )
    query, conflicts = separate(query, compared)
    best = compared.latlon[combine(query, compared).probability.argmax()]
    np.testing.assert_allclose(best, LISBON[0], atol=0.2)
    (conflict,) = conflicts
    assert not conflict.kept_apart
    assert "speak of different places; the less reliable of the two counts less" in conflict.sentence


def test_the_continuous_field_has_the_same_odds_as_the_points(embedded_locator) -> None:
    query = Query((name(LLANDOVERY, 0.7),))
    logs = log_density(query, np.array([[51.995, -3.797], [51.995, 20.0]]), None, 1.0, 0.0, embedded_locator.gallery)
    assert logs[1] == pytest.approx(np.log(0.3))
    peak = 0.7 / (2 * np.pi * 5.0**2) / embedded_locator.gallery.prior_per_km2(LLANDOVERY)[0] + 0.3
    assert logs[0] == pytest.approx(np.log(peak))
    field = embedded_locator.field(query, (51.8, -4.0, 52.2, -3.6), (64, 64))
    assert field.method == "sampled"
    assert field.peak == pytest.approx((51.995, -3.797), abs=0.02)


def test_a_city_in_a_region_is_drawn_from_its_points(embedded_locator) -> None:
    query = Query((from_regions("scenes", "x", (parse_region("DE"),), (1.0,), 0.8),))
    assert embedded_locator.field(query, (52.4, 13.2, 52.6, 13.6), (32, 32)).method == "summed"


@pytest.mark.parametrize("trusted", [0.0, 1.1, float("nan")])
def test_a_reliability_is_a_probability(trusted: float) -> None:
    with pytest.raises(QueryError, match="reliability"):
        name(LISBON, trusted)


def test_a_band_that_was_never_measured_is_not_certain() -> None:
    assert 0 < reliability("signs", "no such band") < 1
