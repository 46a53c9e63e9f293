"""Speed of training from cached features beside the reference's loop, which runs CLIP in every step; and of features.

Both sides train the same heads on the same batch; the reference's step is that plus CLIP ViT-L/14 on every photo of the
batch, measured on a few photos and scaled up (its time grows with their number). Alone::

    python training/benchmarks/learning.py
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from geoclip_core.earth.distance import HALF_TURN_KM, disk_points
from geoclip_core.learning.data import augment
from geoclip_core.learning.data.dataset import Batch
from geoclip_core.learning.data.features import CachedFeatures, encode_views
from geoclip_core.learning.data.manifest import Manifest
from geoclip_core.learning.data.order import Order, TrainingLoader
from geoclip_core.learning.data.photos import PhotoFolder
from geoclip_core.learning.randomness import generator_of
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.settings import LocationConfig, Recipe
from geoclip_core.model.clip import ClipShape, build_towers
from training.benchmarks.timing import median_s

BATCH = 512  # agreed: the paper's
ROWS, VIEWS, PART_ROWS = 16_384, 1, 4096
PHOTOS = 4  # that CLIP's time is measured on
GPU_VIEWS = 256  # at a time
PEAK_FLOPS = {"H100": 989e12, "H200": 989e12, "A100": 312e12}  # bfloat16, dense, SXM (NVIDIA's data sheets)


def write_features(folder: Path, rows: int = ROWS, width: int = 768) -> None:
    """Random features in the layout of ``make_features``, bfloat16, at places spread over the Earth."""
    parts = -(-rows // PART_ROWS)
    seen = {"count": VIEWS, "preprocess": {"size": 224, "mean": [0.5] * 3, "std": [0.25] * 3}}
    manifest = Manifest(folder, {"parts": parts, "pairs": "random", "tower": "random", "views": seen})
    places = torch.from_numpy(disk_points((90.0, 0.0), HALF_TURN_KM, rows).astype(np.float32))
    for part in range(parts):
        chosen = torch.arange(part * PART_ROWS, min(rows, (part + 1) * PART_ROWS))
        features = torch.randn(len(chosen), VIEWS + 1, width, generator=torch.Generator().manual_seed(part)).bfloat16()
        tensors = {
            "plain": features[:, 0].contiguous(),
            "views": features[:, 1:].contiguous(),
            "latlon": places[chosen].contiguous(),
            "rows": chosen,
            "owners": torch.full((len(chosen),), -1),
        }
        with manifest.writing(part, ".safetensors") as file:
            save_file(tensors, file)
        manifest.add(part, (".safetensors",), rows=len(chosen), skipped=[])


def batches(source: CachedFeatures, batch_size: int) -> Iterator[Batch]:
    """Training batches without end, by the loader that training uses."""
    order = Order(np.arange(len(source)), batch_size, 0, 0, 1, source.block)
    while True:
        yield from TrainingLoader(source, order, lambda: 0, 0, False)


def step(model: GeoLearner, optimizer: torch.optim.Optimizer, batch: Batch) -> None:
    """One step of training: forward, loss against batch and queue, backward, Adam."""
    optimizer.zero_grad()
    torch.autograd.backward(model.training_step(batch, 0))
    optimizer.step()


def bench_learning(
    batch_size: int = BATCH,
    photos: int = PHOTOS,
    times: int = 5,
    shape: ClipShape | None = None,
    location: LocationConfig | None = None,
) -> dict[str, float]:
    """Seconds of a step, its parts, and the ratio to the reference's loop, on this machine's processor.

    Args:
        batch_size: Rows of a step.
        photos: How many photos CLIP is measured on.
        times: Repetitions; medians are reported.
        shape: Sizes of CLIP; ViT-L/14 by default.
        location: Of the network; the paper's by default.

    Returns:
        Figures by name: seconds, steps per second, ratios, and shares in [0, 1].
    """
    torch.manual_seed(0)
    model = GeoLearner(location=location or LocationConfig(), recipe=Recipe()).train()
    model.log = lambda *_, **__: None  # type: ignore[method-assign]  # no trainer here
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 3e-5)
    with tempfile.TemporaryDirectory() as folder:
        write_features(Path(folder))
        source = CachedFeatures(folder)
        model.queue.seed(torch.from_numpy(source.latlon), generator_of(0))
        read = batches(source, batch_size)
        reading = median_s(lambda: next(read), 4 * times)
        batch = next(read)
        computing = median_s(lambda: step(model, optimizer, batch), times)
        whole = median_s(lambda: step(model, optimizer, next(read)), times)
    shape = shape or ClipShape()
    tower, _ = build_towers(shape)
    tower.eval().requires_grad_(False)
    pixels = torch.randn(photos, 3, shape.image_size, shape.image_size)
    with torch.inference_mode():
        clip = median_s(lambda: tower(pixels), 2) / photos
    reference = clip * batch_size + computing
    return {
        "learning: step from cached features": whole,
        "learning: steps per second from cached features": 1 / whole,
        "learning: CLIP ViT-L/14 on one photo, float32": clip,
        f"learning: the reference's step, CLIP scaled from {photos} to {batch_size} photos": clip * batch_size
        + computing,
        "ratio: training steps, cached features over CLIP in every step": reference / whole,
        "learning: share of a step that reads data": reading / whole,
    }


def bench_features(times: int = 5, shape: ClipShape | None = None) -> dict[str, float]:
    """How fast CLIP's features are made, as ``make_features`` does it: in bfloat16, on the GPU where there is one.

    Args:
        times: Repetitions; medians are reported.
        shape: Sizes of CLIP; ViT-L/14 by default.

    Returns:
        Figures by name: views per second, and the share of the chip's peak in [0, 1] where that is known.
    """
    shape = shape or ClipShape()
    gpu = torch.cuda.is_available()
    device, count = ("cuda", GPU_VIEWS) if gpu else ("cpu", PHOTOS)
    tower, _ = build_towers(shape)
    tower.to(device, torch.bfloat16).eval().requires_grad_(False)
    pixels = torch.randn(count, 1, 3, shape.image_size, shape.image_size).bfloat16()
    pixels = pixels.pin_memory() if gpu else pixels
    rate = count / median_s(lambda: encode_views(tower, pixels.to(device, non_blocking=True)), times)
    found = {"learning: views per second, features made in bfloat16": rate}
    name = torch.cuda.get_device_name() if gpu else ""
    if peak := next((peak for chip, peak in PEAK_FLOPS.items() if chip in name), None):
        found["learning: share of the chip's bfloat16 peak while features are made"] = rate * view_flops(shape) / peak
    return found


def bench_photos(times: int = 5, photos: int = 8) -> dict[str, float]:
    """Seconds that a training batch of photos takes to be decoded and augmented in the training process.

    Args:
        times: Repetitions; medians are reported.
        photos: Of the batch, 512 pixels wide.

    Returns:
        Figures by name: as training does it, with one thread, and with all of torch's threads.
    """
    with tempfile.TemporaryDirectory() as folder:
        rows = ["image,latitude,longitude"]
        for i in range(photos):
            coarse = Image.fromarray(np.random.default_rng(i).integers(0, 255, (12, 16, 3), dtype=np.uint8))
            coarse.resize((512, 384), Image.Resampling.BICUBIC).save(Path(folder) / f"{i}.jpg")
            rows.append(f"{i}.jpg,{i},{i}")
        (Path(folder) / "photos.csv").write_text("\n".join(rows))
        source = PhotoFolder(str(Path(folder) / "photos.csv"), folder)
        every = np.arange(photos)
        one = median_s(lambda: source.training_batch(every, 0, 0), times)
        with mock.patch.object(augment, "one_thread", contextlib.nullcontext):
            many = median_s(lambda: source.training_batch(every, 0, 0), times)
    return {
        f"learning: {photos} photos decoded and augmented, with one thread as training does": one,
        f"learning: {photos} photos decoded and augmented, with all {torch.get_num_threads()} threads": many,
    }


def view_flops(shape: ClipShape) -> float:
    """Multiplications and additions of CLIP's image tower on one view, in its matrix products."""
    tokens, width = (shape.image_size // shape.patch) ** 2 + 1, shape.image_width
    layer = 2 * tokens * 12 * width**2 + 4 * tokens**2 * width
    return shape.image_layers * layer + 2 * tokens * 3 * shape.patch**2 * width


def main() -> None:
    """Measure and print."""
    for name, value in {**bench_photos(), **bench_learning(), **bench_features()}.items():
        print(f"{name:92s} {value:.4f}{'x' if name.startswith('ratio') else ''}")


if __name__ == "__main__":
    main()
