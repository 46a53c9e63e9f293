"""What one photo costs a worker, stage by stage, and the rate of a batch in one process and on Ray.

    python training/benchmarks/scale/workers.py

The stages are in seconds of the processor, which other programs of the machine change less than seconds of a clock.
CLIP has random weights, which cost the same time as the released ones.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from PIL import Image

from geoclip_core.evidence.source import from_vectors
from geoclip_core.locate.candidates import distinct_places
from geoclip_core.locate.gallery import load_gallery
from geoclip_core.locate.load import load_locator
from geoclip_core.locate.posterior import posterior
from geoclip_core.locate.query import Query
from geoclip_core.model.clip import ClipShape, build_towers
from geoclip_core.model.packed import pack
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.preprocess import Preprocess
from geoclip_core.serve.batch import BatchSettings, locate_batch
from geoclip_core.serve.photo_list import list_photos
from geoclip_core.serve.ray_batch import Cluster, ModelSpec, locate_on_ray
from geoclip_core.weights.load import LocationEncoder, read_gallery, read_logit_scale
from geoclip_core.weights.registry import MODELS
from training.benchmarks.speed.many import placed_photos

SIZES = ((1600, 1200), (4000, 3000))
TOGETHER = 16  # photos that go through the networks together on a processor


def processor_s(what: Callable[[], object], times: int) -> float:
    """Seconds of the processor of a call, the mean of several after one to warm up."""
    what()
    began = time.process_time()
    for _ in range(times):
        what()
    return (time.process_time() - began) / times


def pictures(folder: Path) -> list[Path]:
    """One photo of each size."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (75, 100, 3), dtype=np.uint8))
    paths = [folder / f"{width}.jpg" for width, _ in SIZES]
    for path, size in zip(paths, SIZES, strict=True):
        noise.resize(size, Image.Resampling.BICUBIC).save(path, quality=90)
    return paths


def _decoded(path: Path, preprocess: Preprocess) -> object:
    return preprocess.pixels(open_photo(path).image)


def clip_stages(folder: Path, shape: ClipShape | None = None) -> dict[str, float]:
    """Decoding, the image tower, and comparing with the gallery: seconds of the processor for one photo."""
    record = MODELS["geoclip"]
    found: dict[str, float] = {}
    seen: Preprocess = record.preprocess
    for path, (width, height) in zip(pictures(folder), SIZES, strict=True):
        decode = partial(_decoded, path, seen)
        found[f"decode, {width} x {height}"] = processor_s(decode, 8)
    shape = shape or ClipShape()
    for dtype in (torch.float32, torch.bfloat16):
        tower = pack(build_towers(shape)[0].to(dtype).eval().requires_grad_(False))
        pixels = torch.randn(TOGETHER, 3, shape.image_size, shape.image_size, dtype=dtype)
        with torch.inference_mode():
            name = f"tower, {str(dtype).removeprefix('torch.')}"
            found[name] = processor_s(partial(tower, pixels), 2) / TOGETHER
    encoder, scale = LocationEncoder.from_pretrained(), read_logit_scale(record)
    gallery = load_gallery(encoder, read_gallery(record))
    query = Query(from_vectors("visual", "a photo", gallery.vectors[:1]))
    found["gallery of 94,123 points"] = processor_s(lambda: posterior(query, gallery, encoder, scale), 8)
    answer = posterior(query, gallery, encoder, scale)
    found["places from probabilities"] = processor_s(lambda: distinct_places(answer, query, 5), 8)
    return found


def embedded_stages(folder: Path) -> dict[str, float]:
    """A photo whose file states a position, and one of which only the pixels speak."""
    from geoclip_core.errors import NoEvidenceError

    locator, (plain, _), placed = load_locator("embedded"), pictures(folder), placed_photos(folder / "one", 1)[0]

    def ask(path: Path) -> None:
        try:
            locator.locate(path)
        except NoEvidenceError:
            return

    return {
        "embedded, position in the file": processor_s(lambda: ask(placed), 8),
        "embedded, pixels alone": processor_s(lambda: ask(plain), 3),
    }


def batch_rates(folder: Path, photos: int, workers: tuple[int, ...] = (1, 2)) -> dict[str, float]:
    """Photos per second of a batch of photos with positions: in this process, and on Ray."""
    placed_photos(folder / "many", photos)
    listed, found = list_photos([str(folder / "many")]), {}
    locator = load_locator("embedded")
    began = time.perf_counter()
    locate_batch(locator, listed, folder / "own.parquet")
    found["in this process"] = photos / (time.perf_counter() - began)
    for count in workers:
        began = time.perf_counter()
        locate_on_ray(
            Cluster("local", count, 0.0),
            ModelSpec("embedded", "cpu", None),
            listed,
            folder / f"ray{count}.parquet",
            BatchSettings(),
        )
        found[f"on Ray, {count} worker(s), their start included"] = photos / (time.perf_counter() - began)
    return found


def main(
    photos: Annotated[int, typer.Option(help="of each batch")] = 512,
    stages: Annotated[bool, typer.Option(help="Also what one photo costs, stage by stage (minutes)")] = True,
    out: Annotated[Path, typer.Option(help="JSON file to write")] = Path("workers.json"),
) -> None:
    """Measure, print, and write the figures."""
    torch.set_num_threads(1)
    figures: dict[str, Any] = {"threads": 1, "photos of a batch": photos}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if stages:
            figures["embedded, processor seconds"] = embedded_stages(folder)
            figures["full model, processor seconds"] = clip_stages(folder)
        figures["photos per second"] = batch_rates(folder, photos)
    typer.echo(json.dumps(figures, indent=2))
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
