from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoclip_core.photo.preprocess import Preprocess

SIZES = [(224, 224), (300, 224), (224, 225), (640, 480), (481, 641), (1000, 225), (225, 1001), (100, 77), (3, 250)]


def noise(width: int, height: int) -> Image.Image:
    values = np.random.default_rng(width * height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values)


def grey_levels(pixels: np.ndarray) -> np.ndarray:
    """Normalised pixels back to 0..255."""
    record = Preprocess()
    mean, std = (np.array(v).reshape(3, 1, 1) for v in (record.mean, record.std))
    return np.asarray((pixels * std + mean) * 255)


def test_the_settings_are_those_of_clip() -> None:
    from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD

    record = Preprocess()
    assert (record.size, record.mean, record.std) == (224, OPENAI_DATASET_MEAN, OPENAI_DATASET_STD)


@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_float32_and_invertible(size: tuple[int, int]) -> None:
    pixels = Preprocess().pixels(noise(*size))
    assert pixels.shape == (3, 224, 224)
    assert pixels.dtype == np.float32
    assert pixels.flags.c_contiguous
    levels = grey_levels(pixels)
    assert np.abs(levels - levels.round()).max() < 1e-3
    assert levels.min() > -0.5
    assert levels.max() < 255.5


def test_a_picture_of_the_right_size_is_only_normalised() -> None:
    image = noise(224, 224)
    assert np.array_equal(grey_levels(Preprocess().pixels(image)).round(), np.asarray(image).transpose(2, 0, 1))


@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_those_of_the_processor_that_the_reference_uses(size: tuple[int, int]) -> None:
    from transformers import CLIPImageProcessor

    image = noise(*size)
    expected = CLIPImageProcessor()(images=image, return_tensors="pt")["pixel_values"][0].numpy()
    difference = np.abs(Preprocess().pixels(image) - expected)
    assert difference.max() <= 0.0151  # one grey level of the colour with the smallest spread
    assert difference.mean() < 1e-4


def test_the_crop_is_the_centre() -> None:
    image = Image.new("RGB", (448, 224), (255, 0, 0))
    image.paste((0, 255, 0), (112, 0, 336, 224))
    levels = grey_levels(Preprocess().pixels(image))
    assert np.abs(levels - np.array([0, 255, 0]).reshape(3, 1, 1)).max() < 1e-3


@pytest.mark.parametrize("size", SIZES)
def test_ten_crops_are_those_of_torchvision(size: tuple[int, int]) -> None:
    from torchvision.transforms import InterpolationMode, v2

    image = noise(*size)
    record = Preprocess()
    resized = v2.functional.resize(
        torch.from_numpy(np.array(image)).permute(2, 0, 1), [256], InterpolationMode.BICUBIC, antialias=True
    )
    views = torch.stack(v2.TenCrop(224)(resized)).float() / 255
    expected = v2.functional.normalize(views, list(record.mean), list(record.std)).numpy()
    # Torchvision mirrors the whole picture and then crops, so its left and right corners change places.
    expected = expected[[0, 1, 2, 3, 4, 6, 5, 8, 7, 9]]
    crops = record.ten_crops(image)
    assert crops.shape == (10, 3, 224, 224)
    assert crops.dtype == np.float32
    corners = [0, 1, 2, 3, 5, 6, 7, 8]
    assert np.abs(crops[corners] - expected[corners]).max() < 1e-6
    # Where a margin is odd, torchvision rounds the middle half to even and mirrors before it rounds.
    if all((side - 224) % 2 == 0 for side in resized.shape[1:]):
        assert np.abs(crops - expected).max() < 1e-6
    assert np.array_equal(crops[5:], crops[:5, :, :, ::-1])


def test_other_settings_are_followed() -> None:
    record = Preprocess(size=28, mean=(0.5, 0.5, 0.5), std=(0.25, 0.5, 1.0))
    pixels = record.pixels(Image.new("RGB", (40, 50), (255, 0, 51)))
    assert pixels.shape == (3, 28, 28)
    assert np.allclose(pixels[:, 14, 14], [2.0, -1.0, -0.3])
    assert record.ten_crops(noise(40, 50)).shape == (10, 3, 28, 28)


def test_real_photos_are_those_of_the_reference(shared_data: Path) -> None:
    from transformers import CLIPImageProcessor

    files = sorted((shared_data / "im2gps3k_cc" / "photos").glob("*.jpg"))[::20]
    assert len(files) >= 40
    worst, mean = 0.0, 0.0
    for file in files:
        image = Image.open(file).convert("RGB")
        expected = CLIPImageProcessor()(images=image, return_tensors="pt")["pixel_values"][0].numpy()
        difference = np.abs(Preprocess().pixels(image) - expected)
        worst, mean = max(worst, float(difference.max())), max(mean, float(difference.mean()))
    assert worst <= 0.0151
    assert mean < 1e-4


def test_squashing_keeps_all_of_the_photo() -> None:
    photo = Image.new("RGB", (90, 30), (255, 0, 0))
    photo.paste((0, 0, 255), (60, 0, 90, 30))
    plain = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
    squashed = Preprocess(30, **plain, resize="squash").pixels(photo)
    assert squashed.shape == (3, 30, 30)
    assert [round(float(share)) for share in squashed[2].mean(0)[[5, 15, 25]]] == [0, 0, 1]
    cropped = Preprocess(30, **plain).pixels(photo)
    assert cropped[2].max() == 0  # the blue third lies outside the central square
    assert Preprocess(30, **plain, resize="squash").ten_crops(photo).shape == (10, 3, 30, 30)


def test_interpolation_is_the_records() -> None:
    photo = noise(120, 80)
    for name, mode in (("bicubic", Image.Resampling.BICUBIC), ("bilinear", Image.Resampling.BILINEAR)):
        record = Preprocess(40, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), interpolation=name)
        expected = np.asarray(photo.resize((60, 40), mode).crop((10, 0, 50, 40))).transpose(2, 0, 1) / 255
        assert np.abs(record.pixels(photo) - expected).max() <= 2.1 / 255, name  # Pillow rounds otherwise


def test_numbers_are_shrunk_and_normalised_like_photos() -> None:
    record = Preprocess(40, interpolation="bilinear")
    photo = noise(80, 80)
    rgb = torch.from_numpy(np.asarray(photo, dtype=np.float32) / 255).permute(2, 0, 1)[None]
    found = record.normalise(record.shrink(rgb))[0].numpy()
    assert np.abs(found - record.pixels(photo)).max() < 1 / 255 / 0.25  # a photo's pixels are rounded in between


def test_records_of_before_the_resampling_was_written_down_take_the_defaults() -> None:
    old = {"size": 28, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    assert Preprocess.from_record(old) == Preprocess(28, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    new = dataclasses.asdict(Preprocess(28, resize="squash", interpolation="bilinear"))
    assert Preprocess.from_record(new) == Preprocess(28, resize="squash", interpolation="bilinear")
    for change in ({"resize": "stretch"}, {"interpolation": "nearest"}, {"mean": [0.5]}):
        with pytest.raises(ValueError, match=r"cannot be resized|needs 3"):
            Preprocess.from_record(old | change)
