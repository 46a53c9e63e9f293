"""What can be asked, under ``/v1``."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import torch
from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel

import geoclip_core
from geoclip_core.earth.regions import parse_region
from geoclip_core.export.formats import FORMATS
from geoclip_core.export.png import field_png
from geoclip_core.locate.candidates import MERGE_KM
from geoclip_core.locate.locator import Locator
from geoclip_core.photo.decode import open_photo
from geoclip_core.photo.limits import MAX_PHOTOS
from geoclip_core.serve.http import schemas
from geoclip_core.serve.http.metrics import Metrics
from geoclip_core.serve.http.pool import WorkerPool
from geoclip_core.serve.http.problems import Refused, responses
from geoclip_core.serve.http.questions import (
    MergeKm,
    Photos,
    Question,
    RegionText,
    Text,
    TopK,
    as_json,
    each_photo,
    opened,
    refusing,
)
from geoclip_core.serve.http.settings import ServiceSettings
from geoclip_core.text.reader import shared_reader
from geoclip_core.text.reading import Reading

AnswerForm = StrEnum("AnswerForm", ["json", *FORMATS])  # type: ignore[misc] # the formats are a registry
_JSON = AnswerForm("json")
WORK = (404, 408, 413, 422, 429, 503, 504)

_ANY_FORM = {made.media_type: {"schema": {"type": "string"}} for made in FORMATS.values()}
_PICTURES = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/png", "image/tiff")}


class FieldForm(StrEnum):
    """File formats of a field."""

    png = "png"
    geotiff = "geotiff"


def make_routes(locator: Locator, pool: WorkerPool, metrics: Metrics, settings: ServiceSettings) -> APIRouter:
    """The operations of a service.

    Args:
        locator: The model that answers.
        pool: Where questions are answered.
        metrics: Counts photos.
        settings: What the model's description tells of the limits.
    """
    router = APIRouter()

    def operation(
        path: str, summary: str, model: type[BaseModel] | None, content: dict[str, Any] | None = None, *also: int
    ) -> Callable[[Any], Any]:
        """A POST that the workers answer: as JSON of a model, and as what else it may be, with further statuses."""
        told: dict[int | str, dict[str, Any]] = {200: {"content": content, "description": summary}} if content else {}
        plain: dict[str, Any] = {} if model else {"response_class": Response}
        return router.post(
            path, response_model=model, responses={**told, **responses(*WORK, *also)}, summary=summary, **plain
        )

    async def answered(work: Callable[[], Any], media_type: str = "application/json") -> Response:
        def done() -> bytes:
            with refusing():
                value = work()
            return value if isinstance(value, bytes) else as_json(value)

        return Response(await pool.run(done), media_type=media_type)

    @operation("/v1/locate", "Distinct places for photos of one place, a text, or both", schemas.AnswerOut, _ANY_FORM)
    @router.post("/locate", response_model=schemas.AnswerOut, include_in_schema=False)
    async def locate(
        photos: Photos = None,
        text: Text = None,
        top_k: TopK = 5,
        region: RegionText = None,
        merge_km: MergeKm = MERGE_KM,
        form: Annotated[AnswerForm, Form()] = _JSON,
    ) -> Response:
        """Several photos are of one place; the answer to each of several photos by itself is ``/v1/locate/many``."""
        question = Question(opened(photos), text, top_k, region, merge_km)
        if form == "json":
            return await answered(lambda: question.ask(locator, metrics.photos.inc).to_dict())
        chosen = FORMATS[form]
        return await answered(lambda: chosen.data(question.ask(locator, metrics.photos.inc)), chosen.media_type)

    @operation("/v1/locate/many", "Distinct places for each of several photos", schemas.ManyOut)
    async def many(
        photos: Photos = None,
        top_k: TopK = 5,
        region: RegionText = None,
        merge_km: MergeKm = MERGE_KM,
    ) -> Response:
        """A photo without an answer has its reason instead, as a whole question would."""
        files = opened(photos)
        if not 0 < len(files) <= MAX_PHOTOS:
            raise Refused(400, f"{len(files)} photos were given", allowed=f"1 to {MAX_PHOTOS}")
        return await answered(
            lambda: {"results": each_photo(locator, files, top_k, region, merge_km, metrics.photos.inc)}
        )

    @operation("/v1/check", "Hold a claimed place against a photo", schemas.CheckOut)
    async def check(
        photo: Annotated[UploadFile, File()],
        claim: Annotated[str | None, Form(description="a place or coordinates; else what the file states")] = None,
    ) -> Response:
        """Which sources of evidence speak for the claim, and which against it."""

        def checked() -> Any:
            opened_photo = open_photo(photo.file, pixels_needed=False)
            metrics.photos.inc()
            with refusing([opened_photo]):
                return locator.check(opened_photo, claim).to_dict()

        return await answered(checked)

    @operation("/v1/field", "The probability field of a question", None, _PICTURES, 501)
    async def field(
        photos: Photos = None,
        text: Text = None,
        region: RegionText = None,
        south: Annotated[float | None, Form(ge=-90, le=90)] = None,
        west: Annotated[float | None, Form(ge=-180, le=360)] = None,
        north: Annotated[float | None, Form(ge=-90, le=90)] = None,
        east: Annotated[float | None, Form(ge=-180, le=360)] = None,
        width: Annotated[int, Form(description="pixels", ge=16, le=2048)] = 1024,
        height: Annotated[int, Form(description="pixels", ge=16, le=2048)] = 512,
        form: Annotated[FieldForm, Form()] = FieldForm.png,
    ) -> Response:
        """Of the whole Earth, or of a window with all four edges in degrees."""
        edges = [edge for edge in (south, west, north, east) if edge is not None]
        if len(edges) not in (0, 4):
            raise Refused(400, f"{len(edges)} edges of a window were given", allowed="all four, or none")
        window = (edges[0], edges[1], edges[2], edges[3]) if edges else None
        question = Question(opened(photos), text, region=region)

        def drawn() -> bytes:
            answer = question.ask(locator, metrics.photos.inc)
            seen = locator.field(answer.query, window, (height, width))
            if form == FieldForm.png:
                return field_png(seen)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "field.tif"
                seen.to_geotiff(path)
                return path.read_bytes()

        return await answered(drawn, "image/png" if form == FieldForm.png else "image/tiff")

    @operation("/v1/places", "The places that a text names or means", schemas.PlacesOut)
    async def places(question: schemas.TextIn) -> Response:
        """A text that names nothing is answered as well, with what to try."""

        def read() -> dict[str, Any]:
            region = parse_region(question.region) if question.region is not None else None
            return _places(shared_reader().read(question.text, region))

        return await answered(read)

    @operation("/v1/embed", "Vectors of points", schemas.VectorsOut)
    async def embed(points: schemas.PointsIn) -> Response:
        """Of the model's location encoder; latitude first."""

        def encoded() -> dict[str, Any]:
            with torch.inference_mode():
                vectors = locator.encoder(points.points).float().cpu().numpy()
            return {"model": locator.name, "dim": vectors.shape[1], "vectors": vectors.tolist()}

        return await answered(encoded)

    @router.get(
        "/v1/model", response_model=schemas.ModelOut, responses=responses(), summary="Which model answers, and limits"
    )
    async def model() -> dict[str, Any]:
        """What a client should know before it asks."""
        return {
            "model": locator.name,
            "reason": locator.reason,
            "version": geoclip_core.__version__,
            "sources": [source.name for source in locator.sources],
            "gallery_points": len(locator.gallery),
            "limits": {
                "body_mb": settings.body_mb,
                "photos": MAX_PHOTOS,
                "seconds": settings.seconds,
                "points": schemas.MAX_POINTS,
            },
        }

    return router


def _places(reading: Reading) -> dict[str, Any]:
    named = [
        {
            "name": reading.gazetteer.label(found.place),
            "kind": found.place.kind,
            "latlon": list(found.place.latlon),
            "extent_km": found.place.extent_km,
            "country_code": found.place.country_code,
            "weight": found.weight,
            "matched": found.matched_text,
            "how": found.how,
        }
        for found in reading.alternatives
    ]
    return {
        "recognised": reading.recognised,
        "explanation": reading.explanation,
        "places": named,
        "suggestions": list(reading.suggestions),
    }
