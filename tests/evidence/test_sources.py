"""Which sources a model asks, in which order, and what it says where they find nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import NoEvidenceError, QueryError
from geoclip_core.evidence.metadata import MetadataSource
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.overhead import OverheadSource
from geoclip_core.evidence.registry import SOURCES, Entry, sources_of
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from geoclip_core.overhead.network import OverheadModel
from geoclip_core.photo.decode import Photo
from tests.conftest import Released
from tests.overhead.small_model import write_small_model


def textured() -> Image.Image:
    grid = np.random.default_rng(0).integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(grid).resize((160, 120), Image.Resampling.BICUBIC)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    textured().save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def placed(folder: Path) -> Path:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 0.0, 0.0), 3: "E", 4: (20.0, 0.0, 0.0)})
    textured().save(folder / "a.jpg", exif=exif)
    return folder / "a.jpg"


def locator(released: Released, folder: Path) -> Locator:
    network = Network(released.encoder)
    sources = MetadataSource(network), OverheadSource(network, OverheadModel.from_folder(folder))
    return Locator("embedded", sources, released.encoder, released.gallery, released.scale)


def test_a_view_from_above_is_answered_with_the_overhead_models_own_places(
    released: Released, tmp_path: Path, photo: Path
) -> None:
    answer = locator(released, write_small_model(tmp_path / "overhead", 1e6)).locate(photo)
    assert [(note.kind, note.label, note.used) for note in answer.evidence] == [
        ("visual", "looks like a view from above", True)
    ]
    with Image.open(photo) as image:
        seen = OverheadModel.from_folder(tmp_path / "overhead").predict(image.convert("RGB"))
    best = answer.candidates[0]
    assert best.latlon == seen.clusters[0].latlon
    # The released space moves little of the probability: less than a tenth lands away from the cluster.
    assert best.probability == pytest.approx(seen.clusters[0].weight, abs=0.1)
    mass = answer.posterior.probability
    away = [great_circle_km(cluster.latlon, answer.posterior.latlon) for cluster in seen.clusters]
    assert mass[np.min(away, axis=0) > 200].sum() < 0.1 + (1 - sum(cluster.weight for cluster in seen.clusters))


def test_any_other_photo_is_refused_in_plain_words(released: Released, tmp_path: Path, photo: Path) -> None:
    with pytest.raises(NoEvidenceError, match=r"No evidence in this photo: .* this is not a view from above"):
        locator(released, write_small_model(tmp_path / "overhead", 0.0)).locate(photo)


def test_a_stated_position_comes_before_looks(released: Released, tmp_path: Path) -> None:
    answer = locator(released, write_small_model(tmp_path / "overhead", 1e6)).locate(placed(tmp_path))
    assert [(note.kind, note.latlon) for note in answer.evidence] == [("exif", (10.0, 20.0))]
    assert great_circle_km(answer.candidates[0].latlon, (10, 20)) < 1


def test_a_source_can_be_left_out(released: Released, tmp_path: Path) -> None:
    asked = locator(released, write_small_model(tmp_path / "overhead", 1e6))
    answer = asked.locate(placed(tmp_path), without=("metadata",))
    assert [note.kind for note in answer.evidence] == ["visual"]
    with pytest.raises(NoEvidenceError, match="no source of evidence looks at it"):
        asked.locate(placed(tmp_path), without=("metadata", "overhead"))
    with pytest.raises(QueryError, match=r"called 'sings'.*clip, metadata, caption, signs, overhead, scenes, text"):
        asked.locate(placed(tmp_path), without=("sings",))


def test_without_an_overhead_model_nothing_is_said_of_views(released: Released, photo: Path, monkeypatch) -> None:
    monkeypatch.setattr(OverheadModel, "shipped", classmethod(lambda cls: None))
    network = Network(released.encoder)
    sources = MetadataSource(network), OverheadSource(network)
    blind = Locator("embedded", sources, released.encoder, released.gallery, released.scale)
    with pytest.raises(NoEvidenceError, match="no usable position, and the embedded model does not look at pixels"):
        blind.locate(photo)


def test_what_a_weight_of_nothing_leaves_out_is_told_as_unused(embedded_locator: Locator, tmp_path: Path) -> None:
    answer = embedded_locator.locate(placed(tmp_path), "Oslo", text_weight=1.0)
    assert [(note.kind, note.used) for note in answer.evidence] == [("text", True), ("exif", False)]
    assert answer.candidates[0].place.country_code == "NO"


def test_a_new_source_is_a_class_and_a_line(photo: Path, monkeypatch) -> None:
    class GreenSource(EvidenceSource):
        """Green photos are from Ireland."""

        name = "green"

        def __init__(self, network: Network) -> None:
            self.model = network

        def photo(self, photo: Photo, crops: int = 1) -> Finding:
            point, one = np.array([[53.35, -6.26]]), np.ones(1)
            return Finding((from_points("colour", "it is green", point, one, one),))

    monkeypatch.setitem(SOURCES, "green", Entry(GreenSource, with_vision="asked", without_vision="asked"))
    answer = load_locator("embedded").locate(photo)
    assert [(note.kind, note.label) for note in answer.evidence] == [("colour", "it is green")]
    assert answer.candidates[0].place.country_code == "IE"
    assert answer.to_dict()["evidence"][0]["kind"] == "colour"
    with pytest.raises(NoEvidenceError):
        load_locator("embedded").locate(photo, without=("green",))


def test_models_ask_the_sources_that_fit_them(released: Released) -> None:
    asked, shown = sources_of(Network(released.encoder))
    assert [source.name for source in asked] == ["metadata", "caption", "signs", "overhead", "scenes", "text"]
    assert shown == ()
