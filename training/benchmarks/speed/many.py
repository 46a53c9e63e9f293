"""Many photos, a batch, and how long a start takes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from geoclip_core.locate.locator import Locator
from training.benchmarks.timing import median_s

PHOTOS, OF_A_BATCH = 48, 64  # the first: three times what goes through the networks together


def each_of_many(
    locator: Locator, photo: Path, photos: int = PHOTOS, times: int = 2, without: Sequence[str] = ()
) -> float:
    """Seconds for each of several photos that are asked about together, without some sources of evidence."""
    return median_s(lambda: list(locator.locate_many([photo] * photos, without=without)), times) / photos


def placed_photos(folder: Path, count: int = OF_A_BATCH) -> list[Path]:
    """Photos of 1600 x 1200 pixels whose files state positions on a line."""
    folder.mkdir(exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (75, 100, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((1600, 1200))
    paths = []
    for number in range(count):
        exif = Image.Exif()
        exif.get_ifd(0x8825).update({1: "N", 2: (40.0, float(number % 60), 0.0), 3: "E", 4: (10.0, 0.0, 0.0)})
        paths.append(folder / f"{number:04d}.jpg")
        picture.save(paths[-1], exif=exif)
    return paths


def each_of_a_batch(locator: Locator, folder: Path, count: int = OF_A_BATCH) -> float:
    """Seconds for each photo of a batch, its table included."""
    from geoclip_core.serve.batch import locate_batch

    photos, out = placed_photos(folder / "batch", count), folder / "batch.parquet"
    began = time.perf_counter()
    locate_batch(locator, photos, out)
    return (time.perf_counter() - began) / count


def start_seconds(times: int = 3, text: str = "Boston, Massachusetts") -> dict[str, Any]:
    """Seconds of new processes: an import, the help, and an answer; the caches are built before."""
    commands = {
        "start-up: import": ["-c", "import geoclip_core"],
        "start-up: import of the reference": ["-W", "ignore", "-c", "import geoclip"],
        "start-up: help": ["-m", "geoclip_core", "--help"],
        "start-up: one text from the command line": [
            *("-m", "geoclip_core", "locate", "--model", "embedded", "--text", text)
        ],
    }

    def run(command: list[str]) -> None:
        subprocess.run([sys.executable, *command], check=True, capture_output=True)

    return {name: median_s(partial(run, command), times) for name, command in commands.items()}
