"""Write many answers to one file, and compare two such files: shows whether a change of the code changed an answer.

Before the change and after it::

    python training/freeze_answers.py write before.json --texts queries.csv --photos photos/
    python training/freeze_answers.py compare before.json after.json

Numbers are kept to the last bit; pictures and files are kept as digests. A question without an answer is kept as the
kind of its error. The full model is asked as well where ``--clip`` names CLIP's weights.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import math
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from tqdm import tqdm

import geoclip_core as gc
from geoclip_core.errors import GeoclipError
from geoclip_core.export.csv import to_csv
from geoclip_core.export.kml import to_kml
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.exif import read_exif

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)

REGIONS = ("FR", "EG,GR", "continent:Europe", "40,-75,45,-65", "-36,150,-30,155", "48.86,2.35,300", "US", "JP;0,0,500")
WINDOWS = ((-60.0, -30.0, 70.0, 60.0), (48.7, 2.1, 49.0, 2.6), (29.8, 30.9, 30.1, 31.3), (-25.0, 160.0, 0.0, -170.0))
NAMED = ("Paris", "Pyramids of Giza", "Desert", "Boston, Massachusetts", "Fiji", "富士山", "48.8584, 2.2945", "Sydney")


def ask(locator: gc.Locator, **question: Any) -> dict[str, Any]:
    """Everything that is told of one answer, or the kind of the error that took its place."""
    try:
        answer = locator.locate(**question)
    except GeoclipError as error:
        return {"error": type(error).__name__}
    return {
        "answer": answer.to_dict(),
        "geojson": answer.to_geojson(),
        "posterior": digest(answer.posterior.latlon, answer.posterior.probability, answer.posterior.spread_km),
        "peak": list(answer.peak_latlon),
        "csv": digest(to_csv(answer).encode()),
        "kml": digest(to_kml(answer).encode()),
    }


def fields(locator: gc.Locator, text: str) -> dict[str, Any]:
    """Digests of the fields of one answer over the world and over windows, and of a GeoTIFF's pixels."""
    try:
        query = locator.locate(text=text).query
    except GeoclipError as error:
        return {"error": type(error).__name__}
    found: dict[str, Any] = {}
    for window in (None, *WINDOWS):
        try:
            field = locator.field(query, window, (96, 192))
        except GeoclipError as error:
            found[str(window)] = type(error).__name__
            continue
        found[str(window)] = [field.method, field.share, digest(field.mass), *field.peak]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "field.tif"
        locator.field(query, WINDOWS[0], (96, 192)).to_geotiff(path)
        import rasterio

        with rasterio.open(path) as raster:
            found["geotiff"] = [digest(raster.read(1)), str(raster.crs), list(raster.transform)]
    return found


def claims(path: Path) -> dict[str, Any]:
    """What a photo's file says of itself, as plain values."""
    try:
        record = read_exif(open_photo(path))
    except GeoclipError as error:
        return {"error": type(error).__name__}
    return {name: str(value) for name, value in dataclasses.asdict(record).items()}


def digest(*parts: bytes | np.ndarray) -> str:
    """Sha256 of bytes and arrays, 16 hexadecimal digits."""
    total = hashlib.sha256()
    for part in parts:
        total.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else part)
    return total.hexdigest()[:16]


def spread(rows: list[Any], count: int) -> list[Any]:
    """So many of the rows, evenly over all of them."""
    if len(rows) <= count:
        return rows
    return [rows[i] for i in np.linspace(0, len(rows) - 1, count).round().astype(int)]


@app.command()
def write(
    out: Annotated[Path, typer.Argument(help="JSON file to write")],
    texts: Annotated[Path | None, typer.Option(help="CSV file with a column query or name")] = None,
    photos: Annotated[list[Path] | None, typer.Option(help="Folders of photos")] = None,
    count: Annotated[int, typer.Option(help="At most so many texts, and photos of each folder")] = 150,
    clip: Annotated[Path | None, typer.Option(help="CLIP's weights, for the full model")] = None,
) -> None:
    """Ask all questions and keep the answers."""
    asked: list[tuple[str, Callable[[], Any]]] = []
    locator = gc.load_locator("embedded")
    lines = list(NAMED)
    if texts is not None:
        with texts.open(encoding="utf-8", newline="") as stream:
            lines += spread([row.get("query") or row["name"] for row in csv.DictReader(stream)], count)
    files = [path for folder in photos or [] for path in spread(sorted(folder.iterdir()), count)]
    asked += [(f"text {line}", partial(ask, locator, text=line)) for line in lines]
    for path in files:
        asked.append((f"photo {path.name}", partial(ask, locator, photo=path)))
        asked.append((f"claims {path.name}", partial(claims, path)))
    for line in NAMED:
        asked += [(f"region {region} {line}", partial(ask, locator, text=line, region=region)) for region in REGIONS]
        asked.append((f"fields {line}", partial(fields, locator, line)))
        asked.append((f"off gallery {line}", partial(ask, locator, text=line, off_gallery=True)))
    for path in files[:6]:
        asked.append((f"both {path.name}", partial(ask, locator, photo=path, text="Paris", text_weight=0.3)))
    if clip is not None:
        full = gc.load_locator("geoclip", precision="float32", clip=clip)
        asked += [(f"full text {line}", partial(ask, full, text=line)) for line in NAMED]
        asked += [(f"full photo {path.name}", partial(ask, full, photo=path)) for path in files[:8]]
        asked += [(f"full crops {path.name}", partial(ask, full, photo=path, crops=10)) for path in files[:1]]
    answers = {name: what() for name, what in tqdm(asked, unit="answer")}
    out.write_text(json.dumps(answers, ensure_ascii=False, indent=1), encoding="utf-8")
    typer.echo(f"{out}: {len(answers)} answers")


def differences(a: Any, b: Any, where: str = "") -> list[str]:
    """Where two JSON values differ, as lines of ``path: left != right``."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [line for key in {**a, **b} for line in differences(a.get(key), b.get(key), f"{where}/{key}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [line for i, (x, y) in enumerate(zip(a, b, strict=True)) for line in differences(x, y, f"{where}/{i}")]
    same = a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))
    return [] if same else [f"{where}: {a!r} != {b!r}"]


@app.command()
def compare(before: Path, after: Path) -> None:
    """Print every difference; exit code 1 where there is one."""
    left, right = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
    found = differences(left, right)
    for line in found:
        typer.echo(line)
    changed = {line.split("/")[1].split(":")[0] for line in found}
    typer.echo(f"{len(left)} answers before, {len(right)} after, {len(changed)} differ")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    app()
