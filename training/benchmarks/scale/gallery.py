"""A large gallery: how long it takes to make, how much memory, and what the index finds of what exact search finds.

    python training/benchmarks/scale/gallery.py --points 1000000

The points are drawn around those of the released gallery, some kilometres away, so that they are as dense as photos
are; the vectors are those of the released location encoder. There is no CLIP here, so a question is the vector of a
further place, turned away from it by noise until its cosine is what a photo's is: 1 (the place itself), 0.7, and 0.4.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
import typer
from torch import Tensor

from geoclip_core.locate.large import build
from geoclip_core.locate.large.build import build_gallery
from geoclip_core.locate.large.folder import INDEX, LargeGallery, open_gallery
from geoclip_core.locate.large.search import Found, IndexSearch, PointSearch
from geoclip_core.model.encode import encode_points
from geoclip_core.weights.load import LocationEncoder, read_gallery
from geoclip_core.weights.registry import MODELS

COSINES = (1.0, 0.7, 0.4)
MOST = (1, 10, 100, 1000)
PROBES = (16, 64, 256)
_NEAR_KM = 5.0  # mean distance from a point of the released gallery


def places(count: int, seed: int) -> npt.NDArray[np.float32]:
    """(count, 2) degrees: points of the released gallery, each moved by some kilometres."""
    rng = np.random.default_rng(seed)
    released = read_gallery(MODELS["geoclip"])
    middle = released[rng.integers(0, len(released), count)]
    step_deg = rng.exponential(_NEAR_KM, count) / 111.2
    lat = np.clip(middle[:, 0] + step_deg * rng.normal(size=count), -89.9, 89.9)
    lon = middle[:, 1] + step_deg * rng.normal(size=count) / np.cos(np.radians(lat))
    return np.stack([lat, (lon + 180) % 360 - 180], axis=1).astype(np.float32)


def questions(vectors: Tensor, cosine: float, seed: int) -> Tensor:
    """Vectors of length 1 at a cosine from others."""
    noise = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(seed))
    noise = F.normalize(noise - (noise * vectors).sum(dim=1, keepdim=True) * vectors, dim=1)
    turned: Tensor = cosine * vectors + (1 - cosine**2) ** 0.5 * noise
    return turned


def recall(exact: Found, near: Found, k: int) -> float:
    """Share of the k most similar points that are among the k that were found."""
    pairs = zip(exact.rows[:, :k], near.rows[:, :k], strict=True)
    return float(np.mean([len(np.intersect1d(a, b)) / k for a, b in pairs]))


class Cost:
    """What a step took: seconds, seconds of the processor, and the most memory that is not a mapped file."""

    wall_s = processor_s = peak_mb = 0.0

    def plain(self) -> dict[str, float]:
        """As plain values."""
        return {"wall_s": self.wall_s, "processor_s": self.processor_s, "peak_memory_mb": self.peak_mb}


def own_memory_mb() -> float:
    """Memory of this process without mapped files."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem"))) / 1024


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure what is done inside."""
    cost, end = Cost(), threading.Event()

    def watch() -> None:
        while not end.is_set():
            cost.peak_mb = max(cost.peak_mb, own_memory_mb())
            end.wait(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    wall, processor = time.perf_counter(), time.process_time()
    try:
        yield cost
    finally:
        cost.wall_s, cost.processor_s = time.perf_counter() - wall, time.process_time() - processor
        end.set()
        watcher.join()


def per_question(search: PointSearch, asked: Tensor, k: int) -> dict[str, float]:
    """Milliseconds of one question, all asked at once, with the most memory."""
    with measured() as cost:
        search.search(asked, k)
    return {
        "wall_ms": 1000 * cost.wall_s / len(asked),
        "processor_ms": 1000 * cost.processor_s / len(asked),
        "peak_memory_mb": cost.peak_mb,
    }


def compare(large: LargeGallery, asked: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Exact search and the index on the same questions."""
    assert large.exact is not None
    assert large.index is not None
    exact, vectors = large.exact, encode_points(large.encoder, places(asked, seed + 1))
    told: dict[str, Any] = {}
    for cosine in COSINES:
        given = questions(vectors, cosine, seed)
        best = exact.search(given, MOST[-1])
        found: dict[str, Any] = {"cosines of the exact": {k: float(best.cosines[:, k - 1].mean()) for k in MOST}}
        for probes in PROBES:
            search = IndexSearch(large.index, exact.vectors, probes)
            near = search.search(given, MOST[-1])
            found[f"{probes} cells"] = {
                **{f"recall at {k}": recall(best, near, k) for k in MOST},
                "one question": per_question(search, given, MOST[-1]),
                "one question, 100 points": per_question(search, given, 100),
            }
        told[f"cosine {cosine:g}"] = found
        say(json.dumps({f"cosine {cosine:g}": found}))
    told["exact, one question alone"] = per_question(exact, vectors[:1], MOST[-1])
    told["exact, all questions at once"] = per_question(exact, vectors, MOST[-1])
    return told


def main(
    points: Annotated[int, typer.Option(help="of the gallery")] = 1_000_000,
    asked: Annotated[int, typer.Option(help="questions of each kind")] = 100,
    precision: Annotated[str, typer.Option(help="in which the points are encoded")] = "bfloat16",
    numbers: Annotated[int, typer.Option(help="of a vector that the index keeps")] = build.NUMBERS,
    code: Annotated[str, typer.Option(help="how FAISS keeps them, such as SQ8, SQ4 or PQ64")] = build.CODE,
    folder: Annotated[Path | None, typer.Option(help="where the gallery is made and kept; else it is removed")] = None,
    out: Annotated[Path, typer.Option(help="JSON file to write")] = Path("gallery.json"),
) -> None:
    """Make a gallery, ask it, and write the figures."""
    build.NUMBERS, build.CODE = numbers, code
    with tempfile.TemporaryDirectory() as temporary:
        place, latlon = folder or Path(temporary), places(points, seed=0)
        encoder = LocationEncoder.from_pretrained()
        figures: dict[str, Any] = {
            "points": points,
            "threads": torch.get_num_threads(),
            "precision": precision,
            "index": f"{numbers} {code}",
        }
        for kind in ("exact", "approximate"):
            with measured() as cost:
                build_gallery(encoder, latlon, place, kind, precision=precision)
            figures[f"making, {kind}"] = cost.plain()
            typer.echo(f"{kind}: {json.dumps(cost.plain())}")
        sizes = {path.name: path.stat().st_size for path in place.iterdir()}
        figures["bytes per point, vectors"] = sum(s for n, s in sizes.items() if n.startswith("vectors")) / points
        figures["bytes per point, index"] = sizes[INDEX] / points
        figures |= compare(open_gallery(place, encoder), asked, seed=0, say=typer.echo)
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    typer.echo(json.dumps(figures, indent=2))


if __name__ == "__main__":
    typer.run(main)
