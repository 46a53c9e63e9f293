"""The command line: ``python -m geoclip_core --help``.

Exit codes: 0 answered, 1 could not answer (the reason is on standard error), 2 wrong usage.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from geoclip_core.errors import (
    DeviceError,
    GeoclipError,
    MissingDependencyError,
    NoEvidenceError,
    QueryError,
    RegionError,
)
from geoclip_core.serve.progress_bar import Bar

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
Gallery = Annotated[Path | None, typer.Option(help="Folder of a large gallery that `gallery` has made")]
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
    without: Annotated[
        list[str] | None, typer.Option(help="Sources of evidence that are not asked: signs,scenes")
    ] = None,
    model: Model = "auto",
    device: Device = "auto",
    clip: Clip = None,
    gallery: Gallery = None,
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
        bar = Bar("encoding the gallery once")
        locator = load_locator(model, device=device, clip=clip, gallery=gallery, progress=bar)
        opened += [open_photo(path, pixels_needed=False) for path in (photos or [])[: MAX_PHOTOS + 1]]
        answer = locator.locate(
            opened or None,
            text,
            top_k,
            region,
            crops=crops,
            off_gallery=off_gallery,
            merge_km=merge_km,
            without=[name.strip() for names in without or () for name in names.split(",") if name.strip()],
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
    if answer.only_regions:
        typer.echo(f"{answer.wide_text}. Most photographed there:")
    for rank, c in enumerate(answer.candidates, start=1):
        named = f"  ({c.named})" if c.named else ""
        typer.echo(
            f"{rank:2d}. {c.probability:6.1%}  {c.latlon[0]:9.4f} {c.latlon[1]:10.4f}"
            f"  +- {c.radius_km:5.1f} km  {c.place.name}{named}"
        )


@app.command()
def check(
    photo: Annotated[Path, typer.Argument(help="One photo")],
    claim: Annotated[
        str | None, typer.Option(help="The claimed place, words or coordinates; without it what the photo's file says")
    ] = None,
    crops: Annotated[int, typer.Option(help="1, or 10 for the paper's ten-crop evaluation")] = 1,
    without: Annotated[list[str] | None, typer.Option(help="A source of evidence that is not asked")] = None,
    model: Model = "auto",
    device: Device = "auto",
    clip: Clip = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object")] = False,
) -> None:
    """Hold a claimed place against the evidence in a photo."""
    from geoclip_core.locate.claim.wording import lines
    from geoclip_core.locate.load import load_locator

    try:
        locator = load_locator(model, device=device, clip=clip, progress=Bar("encoding the gallery once"))
        found = locator.check(photo, claim, crops=crops, without=without or ())
    except GeoclipError as error:
        _fail(error)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), ensure_ascii=False, indent=2))
        return
    for line in lines(found):
        typer.echo(line)


@app.command()
def embed(
    points: Annotated[Path, typer.Argument(help="CSV with columns latitude, longitude (or lat, lon)")],
    out: Annotated[Path, typer.Option(help="Where to write: a .npy array of float32, or a .parquet table")],
    device: Device = "auto",
    encoder: Annotated[
        str, typer.Option(help="geoclip, a formula such as sphere_c_plus, or a model exported here")
    ] = "geoclip",
) -> None:
    """Vectors of points under a location encoder, the released one by default."""
    from geoclip_core.serve.embed import embed_csv

    try:
        rows = embed_csv(points, out, device=device, progress=Bar("encoding"), encoder=encoder)
    except GeoclipError as error:
        _fail(error)
    typer.echo(f"wrote {rows} vectors to {out}")


@app.command()
def gallery(
    points: Annotated[Path, typer.Argument(help="CSV with columns latitude, longitude, or a .npy array (n, 2)")],
    out: Annotated[Path, typer.Option(help="The folder to write; goes on where it was interrupted")],
    kind: Annotated[str, typer.Option(help="exact: all vectors; approximate: an index of FAISS")] = "exact",
    device: Device = "auto",
    encoder: Annotated[str, typer.Option(help="geoclip, or a model exported here")] = "geoclip",
    precision: Annotated[str, typer.Option(help="float32, or bfloat16: faster, nearly as exact")] = "float32",
) -> None:
    """Make a gallery of up to a hundred million points, for `locate --gallery`; docs/scale.md says what it costs."""
    from geoclip_core.serve.embed import make_gallery

    try:
        rows = make_gallery(points, out, kind, device, Bar(f"{kind} gallery"), encoder, precision)
    except GeoclipError as error:
        _fail(error)
    typer.echo(f"{rows} points in {out}")


@app.command()
def batch(
    sources: Annotated[
        list[str],
        typer.Argument(help="Folders, CSV or Parquet lists with a column photo or image, patterns, .tar shards"),
    ],
    out: Annotated[Path, typer.Option(help="The .parquet, .csv or .geojson file to write, one row per candidate")],
    top_k: Annotated[int, typer.Option(help="Number of distinct places per photo")] = 5,
    region: Annotated[str | None, typer.Option(help="Restriction of all photos")] = None,
    merge_km: MergeKm = 25.0,
    model: Model = "auto",
    device: Device = "auto",
    clip: Clip = None,
    gallery: Gallery = None,
    ray: Annotated[str | None, typer.Option(help="Spread the work: local, or the address of a Ray cluster")] = None,
    gpus: Annotated[float, typer.Option(help="With --ray, the share of a GPU that each worker takes")] = 0.0,
    workers: Annotated[int, typer.Option(help="With --ray, how many workers; 0 for as many as there is room for")] = 0,
) -> None:
    """Many photos, each by itself, to one table; goes on where it was interrupted."""
    from geoclip_core.locate.load import load_locator
    from geoclip_core.serve.batch import BatchSettings, locate_batch
    from geoclip_core.serve.photo_list import list_photos
    from geoclip_core.serve.tables import check_out

    try:
        check_out(out)
        left_out: Counter[str] = Counter()
        photos = list_photos(sources, left_out)
        bar = Bar("locating", "photo")
        if ray is None:
            once = Bar("encoding the gallery once")
            locator = load_locator(model, device=device, clip=clip, gallery=gallery, progress=once)
            name = locator.name
            counts = locate_batch(locator, photos, out, top_k=top_k, region=region, merge_km=merge_km, progress=bar)
        else:
            from geoclip_core.serve.ray_batch import Cluster, ModelSpec, locate_on_ray

            spec = ModelSpec(model, device, str(clip) if clip else None, str(gallery) if gallery else None)
            settings = BatchSettings(top_k, region, merge_km)
            name, counts = locate_on_ray(Cluster(ray, workers, gpus), spec, photos, out, settings, bar)
        bar.close()
    except GeoclipError as error:
        _fail(error)
    told = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items())
    typer.echo(f"{name}: {told}; written to {out}")
    if left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
        typer.echo(f"left out: {reasons}")


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others can reach anything but 127.0.0.1")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on")] = 8077,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="A further name that the Host header may have; * for every name")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="A web page that may ask, such as https://example.org")
    ] = None,
    workers: Annotated[int, typer.Option(help="Questions at a time; 0 for one per processor")] = 0,
    queue: Annotated[int, typer.Option(help="Questions that may wait; further ones get 429")] = 16,
    seconds: Annotated[float, typer.Option(help="Deadline of an answer")] = 60.0,
    max_body_mb: Annotated[float, typer.Option(help="Megabytes of one question")] = 64.0,
    model: Model = "auto",
    device: Device = "auto",
    clip: Clip = None,
) -> None:
    """A local HTTP service; its description is at /docs. GEOCLIP_API_KEY sets a key that clients must send."""
    from geoclip_core.locate.load import load_locator

    try:
        from geoclip_core.serve.http.server import run
        from geoclip_core.serve.http.settings import serving
    except ModuleNotFoundError as error:
        _fail(MissingDependencyError(f"The service needs {error.name}", hint='pip install "geoclip-core[serve]"'))
    try:
        settings = serving(
            host, allow_host or (), allow_origin or (), workers, queue=queue, seconds=seconds, body_mb=max_body_mb
        )
        locator = load_locator(model, device=device, clip=clip, progress=Bar("encoding the gallery once"))
    except GeoclipError as error:
        _fail(error)
    run(locator, host, port, settings)


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
    from geoclip_core.weights.listing import model_lines

    for line in model_lines():
        typer.echo(line)


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


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
