"""Whole questions to the embedded model: real gazetteer, real released encoder and gallery, real photos."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from PIL import Image

import geoclip_core as gc
from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import MissingWeightsError, NoEvidenceError, PhotoError, QueryError, RegionError, WeightsError
from geoclip_core.files import cache_folder
from geoclip_core.locate.load import load_locator
from geoclip_core.photo.limits import MAX_PHOTOS

GIZA, DUBAI, BOSTON = (29.979, 31.134), (25.197, 55.274), (42.358, -71.060)


@pytest.fixture(scope="module")
def locator(embedded_locator):
    return embedded_locator


@pytest.fixture
def blank(tmp_path):
    path = tmp_path / "blank.jpg"
    Image.new("RGB", (320, 240), (90, 120, 60)).save(path)
    return path


def placed(tmp_path, latlon):
    """A photo whose EXIF block states a position."""
    image = Image.new("RGB", (320, 240), (90, 120, 60))
    exif = Image.Exif()
    lat, lon = latlon
    exif.get_ifd(0x8825).update(
        {1: "N" if lat >= 0 else "S", 2: (abs(lat), 0.0, 0.0), 3: "E" if lon >= 0 else "W", 4: (abs(lon), 0.0, 0.0)}
    )
    path = tmp_path / "placed.jpg"
    image.save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    ("text", "latlon"),
    [
        ("Pyramids of Giza", GIZA),
        ("Burj Khalifa", DUBAI),
        ("Boston, Massachusetts", BOSTON),
        ("برج خليفة", DUBAI),
        ("48.8584, 2.2945", (48.8584, 2.2945)),
    ],
)
def test_named_places_come_first(locator, text, latlon):
    answer = locator.locate(text=text)
    best = answer.candidates[0]
    assert great_circle_km(best.latlon, latlon) <= 25
    assert best.probability > 0.5
    assert answer.model == "embedded"
    assert [note.kind for note in answer.evidence] == ["text"]


def test_the_great_wall_is_on_the_wall(locator):
    wall = [
        (40.354, 116.006),  # Badaling
        (40.437, 116.562),  # Mutianyu
        (40.677, 117.244),  # Jinshanling
        (40.245, 117.450),  # Huangyaguan
        (40.009, 119.754),  # Shanhaiguan
        (39.187, 112.864),  # Yanmenguan
        (39.630, 111.430),  # Laoniuwan
        (38.337, 109.748),  # Zhenbeitai
        (39.800, 98.220),  # Jiayuguan
    ]
    for candidate in locator.locate(text="Great Wall of China", top_k=5).candidates:
        assert great_circle_km(candidate.latlon, wall).min() < 25
    best = locator.locate(text="Great Wall of China").candidates[0]
    assert best.place.country_code == "CN"


def test_desert_means_many_deserts(locator):
    deserts = {
        "Sahara": (23, 10, 2200),
        "Arabian": (20, 48, 1100),
        "Gobi": (43, 105, 800),
        "Kalahari": (-23, 22, 600),
        "Namib": (-23, 15, 500),
        "Atacama": (-24, -69, 500),
        "Australian": (-26, 128, 1200),
        "Mojave and Sonoran": (33.5, -114, 600),
        "Thar": (27, 71, 400),
        "Taklamakan": (39, 83, 600),
        "Patagonian": (-43, -68, 600),
        "Great Basin": (40, -117, 400),
    }
    answer = locator.locate(text="Desert", top_k=20)
    world = answer.posterior
    mass = {
        name: world.probability[great_circle_km((lat, lon), world.latlon) <= radius].sum()
        for name, (lat, lon, radius) in deserts.items()
    }
    assert sum(share >= 0.02 for share in mass.values()) >= 5, mass
    assert sum(mass.values()) > 0.6


def test_boston_is_mostly_but_not_only_massachusetts(locator):
    answer = locator.locate(text="Boston", top_k=10)
    best = answer.candidates[0]
    assert great_circle_km(best.latlon, BOSTON) < 25
    assert 0.5 < best.probability < 0.99
    assert any(c.place.country_code == "GB" for c in answer.candidates[1:])


def test_probabilities_sum_to_one_over_a_stated_set(locator):
    answer = locator.locate(text="Springfield", top_k=100)
    assert answer.posterior.probability.sum() == pytest.approx(1)
    assert sum(c.probability for c in answer.candidates) == pytest.approx(answer.posterior.named.sum(), abs=0.05)


@pytest.mark.parametrize("text", ["asdf qwerty zxcv", "🤷🤷🤷", "lorem ipsum dolor sit amet"])
def test_nonsense_is_not_answered(locator, text):
    with pytest.raises(NoEvidenceError, match="No place recognised"):
        locator.locate(text=text)


@pytest.mark.parametrize("text", ["", "   ", "\x00\x01", "x" * 10_000])
def test_impossible_texts_are_refused(locator, text):
    with pytest.raises(QueryError, match=r"empty|characters"):
        locator.locate(text=text)


def test_a_photo_with_a_position_is_answered_from_it(locator, tmp_path):
    answer = locator.locate(placed(tmp_path, (-33.8568, 151.2153)))
    best = answer.candidates[0]
    assert great_circle_km(best.latlon, (-33.8568, 151.2153)) < 0.1
    assert best.place.country_code == "AU"
    assert answer.evidence[0].kind == "exif"
    assert answer.exif[0].latlon == pytest.approx((-33.8568, 151.2153))


def test_a_photo_without_evidence_is_not_answered(locator, blank):
    with pytest.raises(NoEvidenceError, match="No evidence in this photo") as caught:
        locator.locate(blank)
    assert "weights fetch" in str(caught.value)


def test_a_photo_without_evidence_beside_a_text_is_noted(locator, blank):
    answer = locator.locate(blank, "Burj Khalifa")
    assert great_circle_km(answer.candidates[0].latlon, DUBAI) < 25
    assert any("no evidence in this photo" in note for note in answer.notes)


def test_a_region_narrows(locator):
    free = locator.locate(text="Boston", top_k=10)
    british = locator.locate(text="Boston", region="GB")
    assert {c.place.country_code for c in british.candidates if c.probability > 0.01} == {"GB"}
    assert british.query.region is not None
    assert 0 < british.posterior.region_share < 0.5
    assert free.posterior.region_share == 1
    field = locator.field(british.query)
    outside = ~british.query.region.contains(field.window.pixel_latlon())
    # A pixel of 39 km may straddle the coast.
    assert field.mass[outside].sum() < 0.2


def test_bad_settings_are_refused(locator, blank):
    with pytest.raises(QueryError, match="Neither"):
        locator.locate()
    with pytest.raises(QueryError, match="top_k"):
        locator.locate(text="Paris", top_k=0)
    with pytest.raises(QueryError, match="crops"):
        locator.locate(blank, crops=3)
    with pytest.raises(QueryError, match="text_weight"):
        locator.locate(blank, "Paris", text_weight=2)
    with pytest.raises(RegionError):
        locator.locate(text="Paris", region="Atlantis")
    with pytest.raises(PhotoError):
        locator.locate(blank.parent / "missing.jpg")
    with pytest.raises(QueryError, match="up to"):
        locator.locate([blank] * (MAX_PHOTOS + 1))


def test_world_and_city_fields_of_one_answer(locator):
    answer = locator.locate(text="Pyramids of Giza")
    world = locator.field(answer.query)
    assert world.mass.shape == (512, 1024)
    assert world.mass.sum() == pytest.approx(1)
    assert great_circle_km(world.peak, GIZA) < 60
    city = locator.field(answer.query, (29.8, 30.95, 30.15, 31.35), (200, 200))
    assert city.method == "sampled"
    assert great_circle_km(city.peak, GIZA) < 3


def test_geojson_has_longitude_first(locator):
    collection = locator.locate(text="Burj Khalifa").to_geojson()
    json.dumps(collection)
    lon, lat = collection["features"][0]["geometry"]["coordinates"]
    assert great_circle_km((lat, lon), DUBAI) < 25
    assert collection["features"][0]["properties"]["rank"] == 1


@pytest.mark.slow
def test_two_users_share_one_locator(locator):
    texts = [
        "Pyramids of Giza",
        "Burj Khalifa",
        "Boston",
        "Desert",
        "Nairobi",
        "Lima",
        "Oslo",
        "Perth",
        "Fjord",
        "Kyoto",
    ]
    alone = {text: locator.locate(text=text).candidates for text in texts}
    together: dict[str, object] = {}

    def ask(text):
        together[text] = locator.locate(text=text).candidates

    threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_names_that_can_be_loaded(tmp_path, monkeypatch):
    with pytest.raises(WeightsError, match="no model called 'clip'"):
        load_locator("clip")
    with pytest.raises(QueryError, match="precision"):
        load_locator("embedded", precision="int8")
    with pytest.raises(QueryError, match="device"):
        load_locator("embedded", device="tpu9")
    monkeypatch.setenv("GEOCLIP_CLIP", "")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingWeightsError, match="Looked in"):
        load_locator("geoclip")


def test_auto_says_why_it_took_the_embedded_model(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.delenv("GEOCLIP_CLIP", raising=False)
    monkeypatch.setenv("GEOCLIP_CACHE", str(cache_folder()))  # what is built stays where it is
    monkeypatch.setenv("HOME", str(tmp_path))
    locator = load_locator("auto")
    assert locator.name == "embedded"
    assert "CLIP" in locator.reason


def test_public_names():
    for name in gc.__all__:
        assert getattr(gc, name) is not None
    with pytest.raises(AttributeError):
        gc.nothing  # noqa: B018
    vectors = gc.LocationEncoder.from_pretrained()(np.array([[48.8584, 2.2945], [0.0, 0.0]]))
    assert vectors.shape == (2, 512)


def test_the_merging_radius_is_the_callers(locator):
    answers = [locator.locate(text="Springfield", top_k=100, merge_km=km) for km in (5.0, 800.0)]
    near, far = (answer.candidates for answer in answers)
    assert len(far) < len(near)
    assert far[0].probability > near[0].probability
    assert sum(c.probability for c in far) == pytest.approx(answers[1].posterior.named.sum(), abs=0.05)
    with pytest.raises(QueryError, match="merge_km is -1"):
        locator.locate(text="Paris", merge_km=-1)


@pytest.mark.parametrize(
    ("text", "region", "near"),
    [
        ("Santiago", "ES", (42.88, -8.54)),  # not among the readings of the name alone
        ("Berlin", "US-NH", (44.47, -71.18)),
        ("Valencia", "VE", (10.16, -68.0)),
    ],
)
def test_a_name_is_looked_for_in_the_region_that_is_searched(locator, text, region, near):
    answer = locator.locate(text=text, region=region)
    assert great_circle_km(answer.candidates[0].latlon, near) < 15
    assert 0 < answer.posterior.region_share < 0.9
    warned = any("may well be wrong" in warning for warning in answer.warnings)
    assert warned == (answer.posterior.region_share < 0.01)


def test_the_share_of_a_region_is_told_as_before_where_the_text_means_nothing_else(locator):
    # Not quite 1: the calibration leaves a little to "could be anywhere".
    assert locator.locate(text="Eiffel Tower", region="FR").posterior.region_share > 0.9
    elsewhere = locator.locate(text="Eiffel Tower", region="DE")
    assert elsewhere.posterior.region_share < 0.01
    assert "may well be wrong" in elsewhere.warnings[-1]


def test_a_region_where_the_text_means_nothing_still_has_places(locator):
    """All of the probability there is what a calibration leaves to "could be anywhere"."""
    answer = locator.locate(text="Desert", region="48.86,2.35,50")
    assert answer.candidates
    assert answer.posterior.region_share < 0.01
    assert "may well be wrong" in answer.warnings[-1]
