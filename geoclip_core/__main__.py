"""The command line: ``python -m geoclip_core --help``.

Exit codes: 0 answered, 1 could not answer (the reason is on standard error), 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from geoclip_core.errors import (
    DeviceError,
    GeoclipError,
    MissingDependencyError,
    NoEvidenceError,
    QueryError,
    RegionError,
)

if TYPE_CHECKING:  # it imports numpy and Pillow, which --help does not wait for
    from geoclip_core.photo.exif import ExifRecord

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Where on Earth is this? Photos and texts to places, with honest probabilities. Nothing leaves this machine.",
)
weights = typer.Typer(no_args_is_help=True, help="The models' weights: which there are, where they are, fetching them.")
app.add_typer(weights, name="weights")

Model = Annotated[str, typer.Option(help="auto, geoclip or embedded")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps")]
Clip = Annotated[Path | None, typer.Option(help="File or folder of CLIP ViT-L/14's weights")]
MergeKm = Annotated[float, typer.Option(help="Points nearer than this to a more probable one are the same place")]


def _fail(error: GeoclipError) -> NoReturn:
    typer.echo(f"geoclip_core: {error}", err=True)
    wrong_usage = isinstance(error, QueryError | RegionError) and not isinstance(error, DeviceError)
    raise typer.Exit(2 if wrong_usage else 1)


def _file_lines(records: Sequence[ExifRecord], told: Sequence[str] = ()) -> Iterator[str]:
    """What the files of the photos say, as lines; problems that are told elsewhere are left out."""
    from geoclip_core.locate.wording import file_words

    for number, record in enumerate(records, start=1):
        said = "; ".join(f"{what.lower()} {value}" for what, value in file_words(record).items())
        name = f"photo {number}" if len(records) > 1 else "the photo"
        if said:
            yield f"the file of {name} says: {said}"
        yield from (f"note on {name}: {problem}" for problem in record.problems if problem not in told)


@app.command()
def locate(
    photos: Annotated[list[Path] | None, typer.Argument(help="One photo, or several of the same place")] = None,
    text: Annotated[str | None, typer.Option(help="A place name or a description")] = None,
    top_k: Annotated[int, typer.Option(help="Number of distinct places")] = 5,
    region: Annotated[str | None, typer.Option(help="FR, 'FR,DE', south,west,north,east or lat,lon,radius_km")] = None,
    crops: Annotated[int, typer.Option(help="1, or 10 for the paper's ten-crop evaluation")] = 1,
    off_gallery: Annotated[bool, typer.Option(help="Climb to the peak of the field near each candidate")] = False,
    merge_km: MergeKm = 25.0,
    without: Annotated[list[str] | None, typer.Option(help="A source of evidence that is not asked")] = None,
    model: Model = "auto",
    device: Device = "auto",
    clip: Clip = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the places to this .geojson, .kml or .csv file")] = None,
    geotiff: Annotated[Path | None, typer.Option(help="Write the world's probability field to this file")] = None,
) -> None:
    """Where a photo, a text, or both are."""
    from geoclip_core.export.formats import save
    from geoclip_core.locate.load import load_locator
    from geoclip_core.locate.wording import percent
    from geoclip_core.photo.decode import Photo, open_photo
    from geoclip_core.photo.exif import read_exif
    from geoclip_core.photo.limits import MAX_PHOTOS

    opened: list[Photo] = []
    try:
        locator = load_locator(model, device=device, clip=clip, progress=Bar("encoding the gallery once"))
        opened += [open_photo(path, pixels_needed=False) for path in (photos or [])[: MAX_PHOTOS + 1]]
        answer = locator.locate(
            opened or None,
            text,
            top_k,
            region,
            crops=crops,
            off_gallery=off_gallery,
            merge_km=merge_km,
            without=without or (),
        )
        if out is not None:
            save(answer, out)
        if geotiff is not None:
            locator.field(answer.query).to_geotiff(geotiff)
    except GeoclipError as error:
        if isinstance(error, NoEvidenceError):
            for line in _file_lines([read_exif(photo) for photo in opened]):
                typer.echo(line, err=True)
        _fail(error)
    if as_json:
        typer.echo(json.dumps(answer.to_dict(), ensure_ascii=False, indent=2))
        return
    told = [note.label if note.used else f"{note.label} (shown, not used)" for note in answer.evidence]
    typer.echo(f"{answer.model}: {'; '.join(told)}")
    for note in answer.notes:
        typer.echo(f"note: {note}")
    for line in _file_lines(answer.exif, answer.warnings):
        typer.echo(line)
    for warning in answer.warnings:
        typer.echo(f"warning: {warning}")
    if answer.query.region is not None:
        share = answer.posterior.region_share
        typer.echo(f"in {answer.region}, which held {percent(share)} of the unrestricted probability:")
    for rank, c in enumerate(answer.candidates, start=1):
        named = f"  ({c.named})" if c.named else ""
        typer.echo(
            f"{rank:2d}. {c.probability:6.1%}  {c.latlon[0]:9.4f} {c.latlon[1]:10.4f}"
            f"  +- {c.radius_km:5.1f} km  {c.place.name}{named}"
        )


@app.command()
def embed(
    points: Annotated[Path, typer.Argument(help="CSV with columns latitude, longitude (or lat, lon)")],
    out: Annotated[Path, typer.Option(help="Where to write the (n, 512) float32 array")],
    device: Device = "auto",
) -> None:
    """Vectors of points under the released location encoder, as a .npy file."""
    from geoclip_core.serve.embed import embed_csv

    try:
        rows = embed_csv(points, out, device=device, progress=Bar("encoding"))
    except GeoclipError as error:
        _fail(error)
    typer.echo(f"wrote {rows} vectors to {out}")


@app.command()
def batch(
    source: Annotated[Path, typer.Argument(help="A folder of photos, or a CSV file with a column photo or image")],
    out: Annotated[Path, typer.Option(help="The Parquet file to write, one row per photo and candidate")],
    top_k: Annotated[int, typer.Option(help="Number of distinct places per photo")] = 5,
    region: Annotated[str | None, typer.Option(help="Restriction of all photos")] = None,
    merge_km: MergeKm = 25.0,
    model: Model = "auto",
    device: Device = "auto",
    clip: Clip = None,
) -> None:
    """Many photos, each by itself, to one table; goes on where it was interrupted."""
    from geoclip_core.locate.load import load_locator
    from geoclip_core.serve.batch import list_photos, locate_batch

    try:
        left_out: Counter[str] = Counter()
        photos = list_photos(source, left_out)
        locator = load_locator(model, device=device, clip=clip, progress=Bar("encoding the gallery once"))
        bar = Bar("locating", "photo")
        counts = locate_batch(locator, photos, out, top_k=top_k, region=region, merge_km=merge_km, progress=bar)
    except GeoclipError as error:
        _fail(error)
    told = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items())
    typer.echo(f"{locator.name}: {told}; written to {out}")
    if left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
        typer.echo(f"left out: {reasons}")


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others can reach anything but 127.0.0.1")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on")] = 8077,
    model: Model = "auto",
    device: Device = "auto",
    clip: Clip = None,
) -> None:
    """A local HTTP service; its description is at /docs."""
    from geoclip_core.locate.load import load_locator

    try:
        import uvicorn

        from geoclip_core.serve.api import make_api
    except ModuleNotFoundError as error:
        _fail(MissingDependencyError(f"The service needs {error.name}", hint='pip install "geoclip-core[serve]"'))
    try:
        locator = load_locator(model, device=device, clip=clip, progress=Bar("encoding the gallery once"))
    except GeoclipError as error:
        _fail(error)
    uvicorn.run(make_api(locator), host=host, port=port, access_log=False)


@app.command("app", context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def open_page(options: typer.Context) -> None:
    """Open the page in a browser; options such as --port, --headless or --demo go to it."""
    try:
        from geoclip_core.page.launch import run

        run(options.args)
    except GeoclipError as error:
        _fail(error)


@weights.command("list")
def list_models() -> None:
    """The models, their parts, licences and reference numbers."""
    from geoclip_core.model.backbones.registry import find_backbone
    from geoclip_core.weights.local import local_models
    from geoclip_core.weights.registry import MODELS

    for record in MODELS.values():
        typer.echo(f"{record.name}: {record.summary}")
        typer.echo(f"    {record.paper}")
        for part, file in record.parts.items():
            size = f"{file.size / 1e6:.1f} MB"
            typer.echo(f"    {part}: {file.name} ({size}, {file.licence}, sha256 {file.sha256[:16]}...)")
        if record.backbone:
            title = find_backbone(record.backbone).title
            typer.echo(f"    needs {title} besides (`weights where`, `weights fetch`)")
        for benchmark, shares in record.reference.items():
            typer.echo(f"    {benchmark}: {' '.join(f'{s:g}' for s in shares)} % within 1/25/200/750/2500 km")
    for local in local_models():
        typer.echo(f"{local.name}: {local.summary or 'trained and exported here'}")
        typer.echo(f"    {local.folder} ({local.licence})")


@weights.command()
def where(clip: Clip = None) -> None:
    """Where the weights are on this machine."""
    from geoclip_core.weights.registry import RELEASED_PARTS
    from geoclip_core.weights.resolve import find_clip, released_file

    try:
        for part, record in RELEASED_PARTS.items():
            typer.echo(f"{part}: {released_file(record)}")
        found = find_clip(clip)
    except GeoclipError as error:
        _fail(error)
    typer.echo(f"CLIP ViT-L/14: {found.path} (found in {found.found})")


@weights.command()
def fetch() -> None:
    """Fetch CLIP ViT-L/14 (1.7 GB, MIT licence) from the Hugging Face hub; resumes after an interruption."""
    from geoclip_core.weights.resolve import fetch_clip

    try:
        path = fetch_clip()
    except GeoclipError as error:
        _fail(error)
    typer.echo(f"CLIP ViT-L/14: {path}")


class Bar:
    """A progress bar on standard error that appears with the first report.

    Args:
        word: What is being done.
        unit: What is counted.
    """

    def __init__(self, word: str, unit: str = "point") -> None:
        self.word = word
        self.unit = unit
        self.shown: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Move on to ``done`` of ``total``."""
        if self.shown is None:
            from tqdm import tqdm

            self.shown = tqdm(total=total, desc=self.word, unit=self.unit, file=sys.stderr)
        self.shown.update(done - self.shown.n)
        if done >= total:
            self.shown.close()


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
