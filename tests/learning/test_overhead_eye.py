"""The eye for views from above: loading, refusing, and climbing off the gallery; with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from geoclip_core.earth.distance import great_circle_km
from geoclip_core.errors import NoEvidenceError, WeightsError
from geoclip_core.learning.ledger import sha256
from geoclip_core.learning.overhead_eye import OverheadEye
from geoclip_core.learning.overhead_protocol import climb
from geoclip_core.learning.overhead_strangeness import whitening_of
from geoclip_core.model.location_encoder import LocationEncoder


def record() -> dict[str, Any]:
    return {
        "image": {"architecture": "test_resnet", "options": {}, "width": 96},
        "location_encoder": {"sigmas": [1.0, 8.0], "rows": 8, "width": 16, "dim": 12},
        "preprocess": {"size": 32, "mean": [0.4, 0.4, 0.4], "std": [0.25, 0.25, 0.25]},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model of random weights that takes every picture within a distance of 1e6 for a view from above."""
    torch.manual_seed(0)
    eye, test = OverheadEye(record()), {"feature_mean", "feature_whitening", "farthest"}
    state = eye.state_dict() | {"farthest": torch.tensor(1e6)}
    save_file({k: v for k, v in state.items() if k not in test}, tmp_path / "model.safetensors")
    save_file({k: v for k, v in state.items() if k in test}, tmp_path / "views.safetensors")
    marks = {p.name: {"sha256": sha256(p)} for p in tmp_path.glob("*.safetensors")}
    (tmp_path / "record.json").write_text(json.dumps(record() | {"files": marks}), encoding="utf-8")
    return tmp_path


def test_vectors_have_unit_length_at_any_size_of_picture(folder: Path) -> None:
    eye = OverheadEye.from_folder(folder)
    for size in (32, 50, 224):
        vectors = eye(torch.rand(2, 3, size, size))
        assert vectors.shape == (2, 12)
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_what_is_too_strange_is_refused(folder: Path) -> None:
    eye = OverheadEye.from_folder(folder)
    photo = Image.new("RGB", (80, 60), (90, 120, 60))
    assert eye.check_view(photo).shape == (1, 3, 60, 60)
    eye.farthest.fill_(0.0)
    with pytest.raises(NoEvidenceError, match="not a view from above"):
        eye.check_view(photo)


def test_damaged_weights_are_refused(folder: Path) -> None:
    content = bytearray((folder / "views.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "views.safetensors").write_bytes(content)
    with pytest.raises(WeightsError, match=r"views\.safetensors is damaged"):
        OverheadEye.from_folder(folder)


def test_whitening_gives_mahalanobis_distances() -> None:
    mixed = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0)) @ torch.tensor(
        [[2.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 0.7]]
    )
    mean, matrix = whitening_of(mixed + 5)
    white = (mixed + 5 - mean) @ matrix
    torch.testing.assert_close(torch.cov(white.T), torch.eye(3), atol=0.05, rtol=0)
    inverse = torch.linalg.inv(torch.cov(mixed.T))
    slow = ((mixed[:5] + 5 - mean) @ inverse * (mixed[:5] + 5 - mean)).sum(1).sqrt()
    torch.testing.assert_close(torch.linalg.vector_norm(white[:5], dim=1), slow, rtol=0.05, atol=0)


def test_climbing_finds_the_peak_and_never_goes_down() -> None:
    torch.manual_seed(1)
    encoder = LocationEncoder((32.0,), rows=64, width=32, dim=32).requires_grad_(False)
    peaks = np.array([[48.0, 2.0], [-33.0, 151.0], [0.0, 179.99]])
    starts = peaks + np.array([[0.4, 0.3], [-0.3, 0.5], [0.2, -0.5]])
    questions = F.normalize(encoder(peaks), dim=1)

    def height(points: np.ndarray) -> torch.Tensor:
        return (F.normalize(encoder(points), dim=1) * questions).sum(1)

    found = climb(questions, starts, encoder)
    assert (height(found) >= height(starts)).all()
    assert (great_circle_km(found, peaks) < great_circle_km(starts, peaks) / 3).all()
