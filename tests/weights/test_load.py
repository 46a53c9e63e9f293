from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from geoclip_core.errors import MissingWeightsError, WeightsError
from geoclip_core.model.clip import ClipShape, build_towers
from geoclip_core.model.geoclip import GeoCLIP
from geoclip_core.weights import load
from geoclip_core.weights.load import LocationEncoder, load_geoclip, read_gallery, read_logit_scale, read_released
from geoclip_core.weights.registry import find_record

RECORD = find_record("geoclip")


def test_the_location_encoder_is_loaded_by_name() -> None:
    encoder = LocationEncoder.from_pretrained()
    assert isinstance(encoder, LocationEncoder)
    assert encoder.sigmas == (1.0, 16.0, 256.0)
    assert not encoder.training
    assert not any(p.requires_grad for p in encoder.parameters())
    vectors = encoder([[48.8584, 2.2945], [42.36, -71.06]])
    assert (vectors.shape, vectors.dtype) == ((2, 512), torch.float32)
    assert float(vectors.norm(dim=1).max()) < 0.5  # as released, not of length 1
    for name in ("geoclip", "embedded"):
        assert torch.equal(LocationEncoder.from_pretrained(name)([[1.0, 2.0]]), encoder([[1.0, 2.0]]))
    with pytest.raises(WeightsError, match="no model called 'satclip'"):
        LocationEncoder.from_pretrained("satclip")


def test_the_released_scale() -> None:
    assert read_logit_scale(RECORD) == pytest.approx(39.687, abs=1e-3)
    assert math.log(read_logit_scale(RECORD)) == pytest.approx(3.6810, abs=1e-4)


def test_the_released_gallery(reference: Any) -> None:
    points = read_gallery(RECORD)
    assert points.shape == (100_000, 2)
    assert len(np.unique(points, axis=0)) == 94_123
    assert np.abs(points).max(axis=0)[0] <= 90
    assert points[:, 1].min() >= -180
    assert points[:, 1].max() < 180
    theirs = reference.model.misc.load_gps_data(
        Path(reference.__file__).parent / "model" / "gps_gallery" / "coordinates_100K.csv"
    )
    assert np.array_equal(points.astype(np.float32), theirs.numpy())


def test_a_part_that_a_model_lacks_is_named() -> None:
    with pytest.raises(WeightsError, match=r"embedded has no part image_mlp.*Allowed: location_encoder, logit_scale"):
        read_released(find_record("embedded"), "image_mlp")


def test_parts_that_do_not_fit_are_named() -> None:
    swapped = replace(RECORD, parts={**RECORD.parts, "logit_scale": RECORD.parts["image_mlp"]})
    with pytest.raises(WeightsError, match="logit scale of geoclip is not one number"):
        read_logit_scale(swapped)
    swapped = replace(RECORD, parts={**RECORD.parts, "location_encoder": RECORD.parts["logit_scale"]})
    with pytest.raises(WeightsError, match="part location_encoder of geoclip holds no state dict"):
        read_released(swapped, "location_encoder")
    swapped = replace(RECORD, parts={**RECORD.parts, "gallery": RECORD.parts["image_mlp"]})
    with pytest.raises((WeightsError, UnicodeDecodeError)):
        read_gallery(swapped)
    swapped = replace(RECORD, parts={**RECORD.parts, "image_mlp": RECORD.parts["gallery"]})
    with pytest.raises(WeightsError, match=r"coordinates_100K\.csv cannot be read"):
        read_released(swapped, "image_mlp")


def test_other_sigmas_do_not_fit_the_released_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "find_record", lambda _: replace(RECORD, sigmas=(1.0, 16.0)))
    with pytest.raises(WeightsError, match=r"do not fit the location encoder: .*LocEnc2"):
        LocationEncoder.from_pretrained()


def test_without_clip_the_full_model_is_an_error_and_not_a_download(empty_machine: Path) -> None:
    with pytest.raises(MissingWeightsError, match="weights fetch"):
        load_geoclip()


def test_a_model_without_an_image_part_is_named() -> None:
    with pytest.raises(WeightsError, match=r"The model embedded has no image encoder.*Allowed: geoclip"):
        load_geoclip(name="embedded")


@pytest.fixture
def wide_clip(monkeypatch: pytest.MonkeyPatch) -> ClipShape:
    """A small CLIP whose features are as wide as those of ViT-L/14."""
    shape = ClipShape(dim=768, image_size=28, patch=14, image_width=64, image_layers=1, text_width=64, text_layers=1)
    small = replace(RECORD, preprocess=replace(RECORD.preprocess, size=28))
    monkeypatch.setattr(load, "find_record", lambda _: small)
    return shape


def saved(shape: ClipShape, path: Path) -> Path:
    image, text = build_towers(shape)
    save_file({f"visual.{k}": v for k, v in image.state_dict().items()} | dict(text.state_dict()), path)
    return path


@pytest.mark.filterwarnings("ignore:.* is not one of the released CLIP files")
def test_clip_and_the_released_heads_become_one_model(wide_clip: ClipShape, tmp_path: Path) -> None:
    model = load_geoclip(saved(wide_clip, tmp_path / "clip.safetensors"))
    assert isinstance(model, GeoCLIP)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert float(model.logit_scale.exp()) == pytest.approx(39.687, abs=1e-3)
    for key, value in read_released(RECORD, "image_mlp").items():
        assert torch.equal(model.image_encoder.mlp.state_dict()[key], value)
    logits = model(torch.randn(2, 3, 28, 28), torch.tensor([[48.8584, 2.2945], [0.0, 0.0], [-33.9, 151.2]]))
    assert logits.shape == (2, 3)
    assert float(logits.abs().max()) <= 39.69
    assert model.text_encoder(["Paris"]).shape == (1, 512)
    assert model.text_encoder.mlp is model.image_encoder.mlp


@pytest.mark.filterwarnings("ignore:.* is not one of the released CLIP files")
def test_only_clips_towers_take_a_shorter_precision(wide_clip: ClipShape, tmp_path: Path) -> None:
    path = saved(wide_clip, tmp_path / "clip.safetensors")
    model, exact = load_geoclip(path, dtype=torch.bfloat16), load_geoclip(path)
    assert {p.dtype for p in model.image_encoder.tower.parameters()} == {torch.bfloat16}
    assert {p.dtype for p in model.text_encoder.tower.parameters()} == {torch.bfloat16}
    assert {p.dtype for p in model.image_encoder.mlp.parameters()} == {torch.float32}
    assert {p.dtype for p in model.location_encoder.parameters()} == {torch.float32}
    pixels = torch.randn(2, 3, 28, 28)
    found = model.image_encoder(pixels)
    assert found.dtype == torch.float32
    assert float(torch.cosine_similarity(found, exact.image_encoder(pixels)).min()) > 0.999


@pytest.mark.filterwarnings("ignore:.* is not one of the released CLIP files")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dim": 512}, "make 512 numbers of 28 x 28 pixels; GeoCLIP's head takes 768, of 28 x 28"),
        ({"image_size": 42}, "make 768 numbers of 42 x 42 pixels; GeoCLIP's head takes 768, of 28 x 28"),
    ],
)
def test_another_clip_is_refused(change: dict[str, int], words: str, wide_clip: ClipShape, tmp_path: Path) -> None:
    path = saved(replace(wide_clip, **change), tmp_path / "clip.safetensors")
    with pytest.raises(WeightsError, match=rf"{words} pixels\. Allowed: CLIP ViT-L/14\. Try: name the file"):
        load_geoclip(path)
