"""Many photos at once answer as each would alone, in order, and one bad photo costs nothing but itself."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoclip_core.errors import GeoclipError, NoEvidenceError, PhotoError, QueryError, RegionError
from geoclip_core.evidence.clip import ClipSource
from geoclip_core.evidence.metadata import MetadataSource
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.source import EvidenceSource, Finding, from_points
from geoclip_core.locate.answer import Answer
from geoclip_core.locate.claim.check import ClaimCheck
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.locator import Locator
from geoclip_core.photo.decode import Photo
from tests.conftest import Released, SmallClip
from tests.locate.clip_model import write_clip_model
from tests.photo_files import jpeg, placed_photo

NUMBER = 19


@pytest.fixture(scope="module")
def meadow(small_clip: SmallClip, tmp_path_factory: pytest.TempPathFactory) -> Locator:
    folder = write_clip_model(tmp_path_factory.mktemp("local") / "meadow", small_clip)
    return load_locator(str(folder), precision="float32")


def picture(seed: int) -> Image.Image:
    """A picture of chance, of a size of its own."""
    grid = np.random.default_rng(seed).integers(0, 255, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(grid).resize((60 + 7 * (seed % 5), 50 + 3 * (seed % 7)), Image.Resampling.BICUBIC)


def assert_same(one: Answer | GeoclipError, alone: Answer) -> None:
    assert isinstance(one, Answer)
    assert [c.place for c in one.candidates] == [c.place for c in alone.candidates]
    for mine, its in zip(one.candidates, alone.candidates, strict=True):
        assert mine.latlon == its.latlon
        assert mine.probability == pytest.approx(its.probability, rel=1e-5)
    np.testing.assert_allclose(one.posterior.probability, alone.posterior.probability, rtol=1e-5, atol=1e-9)
    assert (one.notes, one.warnings, one.exif) == (alone.notes, alone.warnings, alone.exif)
    assert one.evidence == alone.evidence


@pytest.mark.parametrize("crops", [1, 10])
def test_a_network_answers_many_as_each_alone(meadow: Locator, crops: int) -> None:
    pictures = [picture(seed) for seed in range(NUMBER)]
    found = list(meadow.locate_many((p for p in pictures), top_k=3, crops=crops))
    assert len(found) == NUMBER
    for one, alone in zip(found, pictures, strict=True):
        assert_same(one, meadow.locate(alone, top_k=3, crops=crops))
    shares = {round(one.candidates[0].probability, 5) for one in found if isinstance(one, Answer)}
    assert len(shares) > NUMBER / 2, "the photos are told apart, so that a wrong order would be seen"


def test_the_embedded_model_answers_many_as_each_alone(embedded_locator: Locator, tmp_path: Path) -> None:
    photos: list[bytes | Path | Image.Image | io.BytesIO] = [placed_photo((40.0 + i, 10.0 - i)) for i in range(4)]
    (tmp_path / "a.jpg").write_bytes(placed_photo((-33.0, 151.0)))
    photos += [tmp_path / "a.jpg", io.BytesIO(placed_photo((0.5, 100.0)))]
    found = list(embedded_locator.locate_many(photos, region="IT,CH,AU"))
    photos[-1].seek(0)
    for one, photo in zip(found, photos, strict=True):
        assert_same(one, embedded_locator.locate(photo, region="IT,CH,AU"))


def test_a_bad_photo_is_one_error_in_its_place(embedded_locator: Locator, tmp_path: Path) -> None:
    good = placed_photo((40.0, 10.0))
    photos = [good, b"no photo", tmp_path / "missing.jpg", good, jpeg(), 7, good]
    kinds = [type(one) for one in embedded_locator.locate_many(photos)]
    assert kinds == [Answer, PhotoError, PhotoError, Answer, NoEvidenceError, PhotoError, Answer]


def test_a_wrong_setting_is_refused_at_once(embedded_locator: Locator) -> None:
    for settings, kind in [
        ({"top_k": 0}, QueryError),
        ({"crops": 2}, QueryError),
        ({"region": "Atlantis"}, RegionError),
    ]:
        with pytest.raises(kind):
            embedded_locator.locate_many([], **settings)
    assert list(embedded_locator.locate_many([])) == []


def test_the_tower_sees_photos_in_batches_and_no_more_than_a_few_are_under_way(meadow: Locator) -> None:
    source = meadow.sources[0]
    assert isinstance(source, ClipSource)
    assert source.network.image_encoder is not None
    sizes: list[int] = []
    taken = [0]

    def photos() -> Iterator[Image.Image]:
        for seed in range(100):
            taken[0] += 1
            yield picture(seed)

    held = source.network.image_encoder.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
    try:
        outcomes = meadow.outcomes(photos(), batch=8)
        for _ in range(10):
            next(outcomes)
        assert taken[0] <= 10 + 5 * 8
        outcomes.close()
        assert set(sizes) == {8}
    finally:
        held.remove()


class Fragile(EvidenceSource):
    """A source with a fault: it does not expect small photos."""

    name = "fragile"

    def photo(self, photo: Photo, crops: int = 1) -> Finding:
        if photo.size[0] < 65:
            raise ZeroDivisionError
        return Finding((from_points("x", "wide", np.array([[1.0, 2.0]]), np.ones(1), np.ones(1)),))


class Fallback(Fragile):
    name = "last"
    fallback = True


def test_a_fault_in_a_source_costs_one_photo_and_is_named(meadow: Locator) -> None:
    locator = Locator("x", [Fragile()], meadow.encoder, meadow.gallery, meadow.scale)
    small, wide = Image.new("RGB", (60, 60)), Image.new("RGB", (90, 60))
    one, other = locator.locate_many([small, wide])
    assert isinstance(one, GeoclipError)
    assert isinstance(one.__cause__, ZeroDivisionError)
    assert isinstance(other, Answer)


def test_a_fallback_is_not_asked_where_a_network_will_answer(meadow: Locator) -> None:
    sources = [*meadow.sources, Fallback()]
    locator = Locator("x", sources, meadow.encoder, meadow.gallery, meadow.scale)
    assert all(isinstance(one, Answer) for one in locator.locate_many([picture(0), picture(5)]))


def test_what_is_made_aside_comes_with_each_photo(embedded_locator: Locator) -> None:
    photos = [placed_photo((40.0, 10.0)), jpeg(), b"none"]
    outcomes = list(embedded_locator.outcomes(photos, aside=lambda photo: photo.size))
    assert [outcome.aside for outcome in outcomes] == [(64, 48), (64, 48), None]
    assert outcomes[0].exif is not None
    assert outcomes[0].exif.latlon == (40.0, 10.0)
    assert [outcome.exif is None for outcome in outcomes] == [False, False, True]


class Pointing(EvidenceSource):
    """A source that looks at several photos together, and counts how many views it was asked for."""

    name = "pointing"

    def __init__(self) -> None:
        self.viewed = self.looked = 0

    def view(self, photo: Photo, crops: int = 1) -> object:
        self.viewed += 1
        return photo.size

    def look(self, views: Sequence[object]) -> list[Finding]:
        self.looked += len(views)
        place = np.array([[48.85, 2.35]])
        return [
            Finding((from_points("seen", "what it looks like", place, np.ones(1), np.array([50.0])),)) for _ in views
        ]


def test_what_a_file_states_is_checked_without_looking_twice(released: Released) -> None:
    source = Pointing()
    locator = Locator(
        "x", [MetadataSource(Network(released.encoder)), source], released.encoder, released.gallery, released.scale
    )
    photos = [placed_photo((48.86, 2.3)), jpeg(), placed_photo((-34.0, 151.0)), b"none"]
    outcomes = list(locator.outcomes(photos, check_files=True))
    assert (source.viewed, source.looked) == (3, 3)
    near, unstated, far, broken = (outcome.check for outcome in outcomes)
    assert isinstance(near, ClaimCheck)
    assert isinstance(far, ClaimCheck)
    assert (unstated, broken) == (None, None)
    for found, photo in ((near, photos[0]), (far, photos[2])):
        alone = locator.check(photo)
        assert (found.verdict, found.inside, found.sentence) == (alone.verdict, alone.inside, alone.sentence)
        assert found.level == pytest.approx(alone.level)
    assert (near.verdict, far.verdict) == ("not contradicted", "contradicted")
    assert all(outcome.check is None for outcome in locator.outcomes(photos))
