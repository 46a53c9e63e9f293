"""The shipped overhead model inside the embedded model: how often it is right, and what it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import NoEvidenceError
from geoclip_core.evidence.network import Network
from geoclip_core.evidence.overhead import OverheadSource
from geoclip_core.learning.overhead.protocol import PIXELS, PROTOCOL, SEED, VIEW_COUNT
from geoclip_core.learning.overhead.raster import Raster, find_blue_marble
from geoclip_core.learning.overhead.sampling import ViewSampler
from geoclip_core.locate.locator import Locator
from geoclip_core.overhead.network import OverheadModel
from tests.conftest import Released

SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"
COUNT = 100  # the protocol's first views
FLOORS = (0.2, 0.85, 0.85, 0.85)  # within 25, 200, 750 and 2500 km; a refused view is a miss
MOST_REFUSED, LEAST_REFUSED = 0.12, 0.9  # of views from above, of photos taken on the ground


@pytest.fixture(scope="module")
def model() -> OverheadModel:
    shipped = OverheadModel.shipped()
    assert shipped is not None
    return shipped


@pytest.fixture(scope="module")
def pictures() -> tuple[list[Image.Image], np.ndarray]:
    """Views of the Blue Marble, as files would hold them, and their places."""
    views = ViewSampler(PROTOCOL).draw(VIEW_COUNT, np.random.default_rng(SEED))[np.arange(COUNT)]
    cut = Raster(find_blue_marble()).cut(views, PIXELS)[:, :3].permute(0, 2, 3, 1)
    return [Image.fromarray(view) for view in (cut * 255).round().byte().numpy()], views.latlon


@pytest.mark.slow
def test_views_are_placed_and_few_are_refused(
    model: OverheadModel, pictures: tuple[list[Image.Image], np.ndarray]
) -> None:
    errors = []
    for picture, truth in zip(*pictures, strict=True):
        try:
            errors.append(float(great_circle_km(model.predict(picture).clusters[0].latlon, truth)))
        except NoEvidenceError:
            errors.append(np.inf)
    shares = [np.mean(np.array(errors) <= limit) for limit in (25, 200, 750, 2500)]
    assert np.all(np.array(shares) >= FLOORS), shares
    assert np.mean(np.isinf(errors)) <= MOST_REFUSED


def test_samples_are_answered_near_their_places(released: Released, model: OverheadModel) -> None:
    sources = (OverheadSource(Network(released.encoder), model),)
    locator = Locator("embedded", sources, released.encoder, released.gallery, released.scale)
    with (SAMPLES / "samples.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        answer = locator.locate(SAMPLES / row["file"])
        truth = (float(row["latitude"]), float(row["longitude"]))
        assert great_circle_km(answer.candidates[0].latlon, truth) <= 300, row["place"]
        assert answer.evidence[0].label == "looks like a view from above"


@pytest.mark.slow
def test_photos_taken_on_the_ground_are_refused(model: OverheadModel, shared_data: Path) -> None:
    refused = []
    for path in sorted((shared_data / "im2gps3k_cc" / "photos").iterdir())[::8]:
        with Image.open(path) as image:
            try:
                model.check_view(image.convert("RGB"))
                refused.append(False)
            except NoEvidenceError:
                refused.append(True)
    assert np.mean(refused) >= LEAST_REFUSED
