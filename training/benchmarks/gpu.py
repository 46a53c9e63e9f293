"""Speed and memory of training on a GPU: features, steps, and whether precisions learn the same.

With random weights and features, whose speed is that of real ones. Alone, on any machine with a GPU::

    make bench-gpu
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from PIL import Image

from geoclip_core.learning.data.augment import PhotoViews
from geoclip_core.learning.data.dataset import Batch
from geoclip_core.learning.data.features import CachedFeatures, encode_views, make_features
from geoclip_core.learning.data.photos import PhotoFolder
from geoclip_core.learning.randomness import generator_of
from geoclip_core.learning.run.module import GeoLearner
from geoclip_core.learning.settings import LocationConfig, Recipe, TowerConfig
from geoclip_core.model.clip import ClipShape, build_towers
from geoclip_core.photo.preprocess import Preprocess
from training.benchmarks.learning import PEAK_FLOPS, batches, view_flops, write_features
from training.benchmarks.timing import median_s

PRECISIONS: dict[str, torch.dtype | None] = {"float32": None, "bfloat16": torch.bfloat16, "float16": torch.float16}
BATCHES = (512, 4096)
GIB = 2**30


def bench_tower(device: str, times: int = 5, views: int = 256, shape: ClipShape | None = None) -> dict[str, float]:
    """Views per second of CLIP's image tower in each of 16 bits, and the share of the chip's peak.

    Args:
        device: Where.
        times: Repetitions; medians are reported.
        views: At a time.
        shape: Sizes of CLIP; ViT-L/14 by default.

    Returns:
        Figures by name.
    """
    shape, found = shape or ClipShape(), {}
    for name in ("bfloat16", "float16"):
        tower, _ = build_towers(shape)
        kind = PRECISIONS[name]
        tower.to(device, kind).eval().requires_grad_(False)
        pixels = torch.randn(views, 1, 3, shape.image_size, shape.image_size, device=device, dtype=kind)
        rate = views / median_s(partial(encode_views, tower, pixels), times)
        found[f"features: views per second, {name}"] = rate
        if peak := next((peak for chip, peak in PEAK_FLOPS.items() if chip in chip_name(device)), None):
            found[f"features: share of the chip's peak, {name}"] = rate * view_flops(shape) / peak
    return found


def bench_make_features(device: str, photos: int = 2048, shape: ClipShape | None = None) -> dict[str, float]:
    """Photos per second of the whole of ``make_features``: reading, decoding, two random views, the tower, writing.

    Args:
        device: Where the tower runs.
        photos: How many, 512 pixels wide.
        shape: Sizes of CLIP; ViT-L/14 by default.

    Returns:
        The figure by name.
    """
    shape = shape or ClipShape()
    tower, _ = build_towers(shape)
    tower.to(device, torch.bfloat16).eval().requires_grad_(False)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        rows = ["image,latitude,longitude"]
        for i in range(photos):
            coarse = Image.fromarray(np.random.default_rng(i).integers(0, 255, (12, 16, 3), dtype=np.uint8))
            coarse.resize((512, 384), Image.Resampling.BICUBIC).save(root / f"{i}.jpg")
            rows.append(f"{i}.jpg,{i % 80},{i % 170}")
        (root / "photos.csv").write_text("\n".join(rows))
        source = PhotoFolder(str(root / "photos.csv"), folder, views=PhotoViews(2, Preprocess(shape.image_size)))
        workers = (os.cpu_count() or 1) if photos > 64 else 0
        taken = median_s(
            lambda: make_features(
                source, tower, Path(tempfile.mkdtemp(dir=root)), tower_name="random", workers=workers
            ),
            1,
        )
    return {f"make_features: photos per second with 3 views each and {workers} workers": photos / taken}


def bench_steps(
    device: str,
    times: int = 20,
    sizes: tuple[int, ...] = BATCHES,
    location: LocationConfig | None = None,
    rows: int = 65_536,
    width: int = 768,
) -> dict[str, float]:
    """Steps per second of ``features.yaml``, its memory, and how far the losses of 16 bits are from those of float32.

    Args:
        device: Where.
        times: Steps that are measured, and compared.
        sizes: Rows of a step.
        location: Of the network; the paper's by default.
        rows: Of the features.
        width: Of the features.

    Returns:
        Figures by name.
    """
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_features(Path(folder), rows, width)
        source = CachedFeatures(folder)
        for size in sizes:
            curves = {}
            for name, kind in PRECISIONS.items():
                with _peak(device) as peak:
                    rate, curves[name] = _train(device, source, size, kind, times, location or LocationConfig(), width)
                found[f"steps: per second, batch {size}, {name}"] = rate
                if peak:
                    found[f"steps: peak memory in GiB, batch {size}, {name}"] = peak[0] / GIB
            for name in ("bfloat16", "float16"):
                apart = np.abs(curves[name] / curves["float32"] - 1).max()
                found[f"steps: largest difference of {times} losses to float32, batch {size}, {name}"] = float(apart)
    return found


def _train(
    device: str,
    source: CachedFeatures,
    size: int,
    kind: torch.dtype | None,
    times: int,
    location: LocationConfig,
    width: int,
) -> tuple[float, np.ndarray[Any, Any]]:
    """Steps per second, and the losses of the steps."""
    torch.manual_seed(0)
    model = GeoLearner(TowerConfig(width=width), location, Recipe()).to(device).train()
    model.log = lambda *_, **__: None  # type: ignore[method-assign]  # no trainer here
    model.queue.seed(torch.from_numpy(source.latlon).to(device), generator_of(0))
    optimizer = torch.optim.Adam([each for each in model.parameters() if each.requires_grad], 3e-5)
    scaler = torch.amp.GradScaler(device, enabled=kind == torch.float16)
    read, losses = batches(source, size), []

    def step() -> None:
        batch = Batch(*(part.to(device, non_blocking=True) for part in next(read)))
        optimizer.zero_grad()
        with torch.autocast(device, kind, enabled=kind is not None):
            loss = model.training_step(batch, 0)
        torch.autograd.backward(scaler.scale(loss))
        scaler.step(optimizer)
        scaler.update()
        losses.append(float(loss.detach()))  # waits for the chip

    taken = median_s(step, times)
    return 1 / taken, np.array(losses[1:])


@contextmanager
def _peak(device: str) -> Iterator[list[int]]:
    """The most memory that the block took on the GPU, in bytes, after it; nothing where there is none."""
    peak: list[int] = []
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    yield peak
    if device == "cuda":
        peak.append(torch.cuda.max_memory_allocated())
        torch.cuda.empty_cache()


def chip_name(device: str) -> str:
    """Name of the chip, for figures to stand beside."""
    return torch.cuda.get_device_name() if device == "cuda" else device


def main(
    out: Annotated[Path, typer.Option(help="Where to write the figures as JSON")] = Path("bench-gpu.json"),
) -> None:
    """Measure, print, and write the figures."""
    if not torch.cuda.is_available():
        typer.echo("There is no GPU here that torch can use; `make bench` measures on the processor", err=True)
        raise typer.Exit(1)
    device = "cuda"
    figures: dict[str, Any] = {"chip": chip_name(device), "torch": torch.__version__}
    for bench in (bench_tower, bench_make_features, bench_steps):
        typer.echo(f"{bench.__name__} ...", err=True)
        figures |= bench(device)
    for name, value in figures.items():
        typer.echo(f"{name:80s} {value if isinstance(value, str) else f'{value:.4g}'}")
    out.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    typer.run(main)
