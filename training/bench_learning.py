"""Speed of training from cached features beside the reference's loop, which runs CLIP in every step.

Both sides train the same heads on the same batch; the reference's step is that plus CLIP ViT-L/14 on every photo of the
batch, measured on a few photos and scaled up (its time grows with their number). Alone::

    python training/bench_learning.py
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from geoclip_core.earth.distance import HALF_TURN_KM, disk_points
from geoclip_core.learning.dataset import Batch
from geoclip_core.learning.features import CachedFeatures
from geoclip_core.learning.ledger import Ledger
from geoclip_core.learning.module import GeoLearner
from geoclip_core.learning.noise import generator_of
from geoclip_core.learning.order import Order, TrainingLoader
from geoclip_core.learning.recipe import Recipe
from geoclip_core.model.clip import ClipShape, build_towers
from training.timing import median_s

BATCH = 512  # agreed: the paper's
ROWS, VIEWS, PART_ROWS = 16_384, 1, 4096
PHOTOS = 4  # that CLIP's time is measured on


def write_features(folder: Path, rows: int = ROWS, width: int = 768) -> None:
    """Random features in the layout of ``make_features``, bfloat16, at places spread over the Earth."""
    parts = -(-rows // PART_ROWS)
    seen = {"count": VIEWS, "preprocess": {"size": 224, "mean": [0.5] * 3, "std": [0.25] * 3}}
    ledger = Ledger(folder, {"parts": parts, "pairs": "random", "tower": "random", "views": seen})
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
        file = folder / f"part-{part:05d}.part"
        save_file(tensors, file)
        ledger.enter(part, {".safetensors": file}, rows=len(chosen), skipped=[])


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
    batch_size: int = BATCH, photos: int = PHOTOS, times: int = 5, shape: ClipShape | None = None
) -> dict[str, float]:
    """Seconds of a step, its parts, and the ratio to the reference's loop, on this machine's processor.

    Args:
        batch_size: Rows of a step.
        photos: How many photos CLIP is measured on.
        times: Repetitions; medians are reported.
        shape: Sizes of CLIP; ViT-L/14 by default.

    Returns:
        Figures by name: seconds, steps per second, ratios, and shares in [0, 1].
    """
    torch.manual_seed(0)
    model = GeoLearner(recipe=Recipe()).train()
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


def main() -> None:
    """Measure and print."""
    for name, value in bench_learning().items():
        print(f"{name:92s} {value:.4f}{'x' if name.startswith('ratio') else ''}")


if __name__ == "__main__":
    main()
