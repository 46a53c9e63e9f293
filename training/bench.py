"""Speed and memory beside the reference and beside the machine's matrix products, in one run, on medians.

Run it with ``make bench`` on an otherwise quiet machine. CLIP's released weights are not needed: the
reference and this package get the same random ones, which cost the same time. Every figure is a median;
the ratios are what counts, since both sides ran on the same machine in the same minutes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from training.benchmarks.page import page_seconds
from training.benchmarks.speed.many import each_of_a_batch, each_of_many, start_seconds
from training.benchmarks.speed.table import markdown
from training.benchmarks.timing import median_s

TEXTS = ("Pyramids of Giza", "Boston, Massachusetts", "Desert", "Burj Khalifa", "a fishing village in Norway")


def resident_mb(mapped: bool = False) -> float:
    """Memory of this process in MB, with or without the pages of files that the system may drop at any time."""
    try:
        fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
        counted = ("VmRSS",) if mapped else ("RssAnon", "RssShmem")
        return sum(int(fields[name].split()[0]) for name in counted) / 1024
    except (OSError, KeyError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def sample_photo(folder: Path) -> Path:
    """A photo-like picture of usual size, made here: smooth colours with noise, 1600 x 1200."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
    smooth = np.asarray(coarse.resize((1600, 1200), Image.Resampling.BICUBIC), dtype=np.int16)
    noisy = np.clip(smooth + rng.normal(0, 8, smooth.shape), 0, 255).astype(np.uint8)
    path = folder / "photo.jpg"
    Image.fromarray(noisy).save(path, quality=90)
    return path


def bench_reference(folder: str, results: dict[str, Any]) -> None:
    """Time the reference; leave its CLIP in ``folder`` for the other side."""
    warnings.simplefilter("ignore")
    import torch
    from geoclip import GeoCLIP
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = GeoCLIP(clip_pretrained=False).eval()
    state = {k: v.contiguous().clone() for k, v in model.image_encoder.CLIP.state_dict().items()}
    save_file(state, Path(folder) / "model.safetensors")
    photo = str(Path(folder) / "photo.jpg")
    results["reference: one photo"] = median_s(lambda: model.predict(photo, 5), 3)
    with torch.no_grad():
        results["reference: gallery"] = median_s(lambda: model.location_encoder(model.gps_gallery), 3)
    results["reference: memory MB"] = resident_mb()


def bench_geoclip(folder: str, precision: str, results: dict[str, Any]) -> None:
    """Time the full model with the reference's CLIP."""
    warnings.simplefilter("ignore")
    import torch

    from geoclip_core.locate.load import load_locator
    from geoclip_core.model.encode import encode_points
    from geoclip_core.weights.load import read_gallery
    from geoclip_core.weights.registry import MODELS
    from training.benchmarks.speed.limits import matrix_rate, photo_flops

    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
    locator = load_locator("geoclip", precision=precision, clip=folder)
    photo = Path(folder) / "photo.jpg"
    rates = [matrix_rate(dtype)]  # before and after each: the speed of some machines changes within minutes
    results[f"geoclip {precision}: one photo"] = median_s(lambda: locator.locate(photo), 5)
    rates.append(matrix_rate(dtype))
    results[f"geoclip {precision}: each of many photos"] = each_of_many(locator, photo)
    rates.append(matrix_rate(dtype))
    results[f"geoclip {precision}: each of many photos, signs left out"] = each_of_many(
        locator, photo, times=3, without=["signs"]
    )
    rates.append(matrix_rate(dtype))
    results[f"limit: one photo, {precision}"] = photo_flops() / statistics.median(rates)
    results[f"geoclip {precision}: one text"] = median_s(lambda: locator.locate(text="Pyramids of Giza"), 5)
    if precision == "float32":
        points = np.unique(read_gallery(MODELS["geoclip"]), axis=0)
        results["geoclip: gallery, first time"] = median_s(lambda: encode_points(locator.encoder, points), 3)
    results[f"geoclip {precision}: memory MB"] = resident_mb()


def bench_embedded(folder: str, results: dict[str, Any]) -> None:
    """Time the embedded model: text, world picture, city window, and all that a first answer needs."""
    start = time.perf_counter()
    from geoclip_core.earth.window import Window
    from geoclip_core.locate.load import load_locator

    locator = load_locator("embedded")
    answer = locator.locate(text=TEXTS[0])
    locator.field(answer.query, None, (1024, 1024), "mercator")
    results["embedded: from nothing to the first world picture, caches built"] = time.perf_counter() - start
    taken = []
    for text in TEXTS:
        start = time.perf_counter()
        locator.locate(text=text)
        taken.append(time.perf_counter() - start)
    results["embedded: one text"] = statistics.median(taken)
    results["embedded: slowest of the texts"] = max(taken)
    boston = locator.locate(text="Boston, Massachusetts")
    city = Window.around(boston.candidates[0].latlon, 50, (256, 256), "mercator")
    results["embedded: city window of 50 km"] = median_s(lambda: locator.field(boston.query, city), 5)
    results["embedded: world picture"] = median_s(lambda: locator.field(boston.query), 5)
    results["embedded: each photo of a batch"] = each_of_a_batch(locator, Path(folder))
    results["embedded: memory MB"] = resident_mb()
    results["embedded: memory MB, mapped files included"] = resident_mb(mapped=True)


def bench_limits(folder: str, results: dict[str, Any]) -> None:
    """Rate of large matrix products, and what the tasks would take if they were nothing else."""
    import torch

    from geoclip_core.learning.settings import Recipe
    from geoclip_core.weights.load import read_gallery
    from geoclip_core.weights.registry import MODELS
    from training.benchmarks.learning import BATCH
    from training.benchmarks.speed.limits import matrix_rate, points_flops, text_flops

    del folder
    points = len(np.unique(read_gallery(MODELS["geoclip"]), axis=0))
    for precision, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        rate = matrix_rate(dtype)
        results[f"limit: rate of matrix products, {precision}"] = rate
        results[f"limit: one text, {precision}"] = text_flops() / rate
        results[f"limit: gallery, {precision}"] = points_flops(points) / rate
        # Forward, and backward twice that, over the batch and the queue, whose vectors are made anew in each step.
        results[f"limit: step of training, {precision}"] = points_flops(3 * (BATCH + Recipe().queue_size)) / rate


def bench_start(folder: str, results: dict[str, Any]) -> None:
    """Time new processes."""
    del folder
    results.update(start_seconds())


def bench_page(folder: str, results: dict[str, Any]) -> None:
    """Time the page in a browser."""
    del folder
    results.update(page_seconds())


def bench_training(folder: str, results: dict[str, Any]) -> None:
    """Time training from cached features beside the reference's loop."""
    from training.benchmarks.learning import (  # their libraries are not the others' memory
        bench_features,
        bench_learning,
        bench_photos,
    )

    del folder
    results.update(bench_photos())
    results.update(bench_learning())
    results.update(bench_features())


def apart(what: Callable[..., None], *arguments: object) -> dict[str, Any]:
    """Run a benchmark in a process of its own, so that memory and imports are its own."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        results = manager.dict()
        process = context.Process(target=what, args=(*arguments, results))
        process.start()
        process.join()
        if process.exitcode:
            typer.echo(f"{what.__name__}{arguments} failed with exit code {process.exitcode}", err=True)
        return dict(results)


def main(
    out: Annotated[Path, typer.Option(help="JSON file to write; the table goes beside it, as .md")] = Path(
        "bench.json"
    ),
    full: Annotated[bool, typer.Option(help="Also the full model and the reference (minutes, 8 GB)")] = True,
) -> None:
    """Measure, print, and write the figures."""
    import torch

    capable = any(have for what, have in torch.cpu.get_capabilities().items() if "bf16" in what)
    precisions = ("float32", "bfloat16") if capable else ("float32",)
    if not capable:  # it would imitate it, so slowly that the figures tell nothing
        typer.echo("bfloat16 is left out: this processor does not compute in it", err=True)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        sample_photo(Path(folder))
        typer.echo("embedded ...", err=True)
        apart(bench_embedded, folder)  # builds what is cached
        figures |= apart(bench_embedded, folder)
        typer.echo("matrix products, start-up ...", err=True)
        figures |= apart(bench_limits, folder)
        figures |= apart(bench_start, folder)
        typer.echo("page ...", err=True)
        figures |= apart(bench_page, folder)
        if full:
            typer.echo("learning ...", err=True)
            figures |= apart(bench_training, folder)
            typer.echo("reference ...", err=True)
            figures |= apart(bench_reference, folder)
            for precision in precisions:
                typer.echo(f"geoclip {precision} ...", err=True)
                figures |= apart(bench_geoclip, folder, precision)
            photo = figures["reference: one photo"]
            for precision in precisions:
                figures[f"ratio: one photo, {precision}"] = photo / figures[f"geoclip {precision}: one photo"]
            figures["ratio: gallery, first time"] = (
                figures["reference: gallery"] / figures["geoclip: gallery, first time"]
            )
    figures["machine"] = (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}"
    )
    figures["bfloat16 in hardware"] = capable
    for name, value in figures.items():
        plain = isinstance(value, bool | str) or any(word in name for word in ("MB", "share", "per second", "rate"))
        unit = "x" if name.startswith("ratio") else "" if plain else " s"
        typer.echo(f"{name:92s} {value if isinstance(value, bool | str) else f'{value:.3f}'}{unit}")
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    table = markdown(figures)
    out.with_suffix(".md").write_text(table, encoding="utf-8")
    typer.echo(table)


if __name__ == "__main__":
    typer.run(main)
