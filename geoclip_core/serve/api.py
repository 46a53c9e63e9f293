"""A local HTTP service: the locator for programs in any language.

It listens on this machine only unless told otherwise, keeps nothing, and logs neither photos nor texts.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from geoclip_core.errors import GeoclipError, NoEvidenceError
from geoclip_core.export.formats import FORMATS
from geoclip_core.locate.candidates import MERGE_KM
from geoclip_core.locate.locator import Locator
from geoclip_core.photo.decode import PhotoSource
from geoclip_core.photo.limits import MAX_BYTES, MAX_PHOTOS


def make_api(locator: Locator) -> FastAPI:
    """The service around one loaded model.

    Args:
        locator: The model that answers.

    Returns:
        An ASGI application with ``GET /health`` and ``POST /locate``.
    """
    api = FastAPI(title="geoclip_core", summary="Where on Earth is this?")

    @api.exception_handler(GeoclipError)
    def refuse(_: Request, error: GeoclipError) -> JSONResponse:
        status = 404 if isinstance(error, NoEvidenceError) else 400
        body = {"problem": error.problem, "allowed": error.allowed, "hint": error.hint}
        return JSONResponse(body, status_code=status)

    @api.get("/health")
    def health() -> dict[str, str]:
        """Which model answers, and why it was chosen."""
        return {"model": locator.name, "reason": locator.reason}

    @api.post("/locate")
    def locate(
        photos: Annotated[list[UploadFile] | None, File(description="photos of one place")] = None,
        text: Annotated[str | None, Form()] = None,
        top_k: Annotated[int, Form()] = 5,
        region: Annotated[str | None, Form()] = None,
        merge_km: Annotated[float, Form(description="points nearer than this are one place")] = MERGE_KM,
        form: Annotated[str, Form(pattern=f"^({'|'.join(['json', *FORMATS])})$")] = "json",
    ) -> Response:
        """Distinct places for photos, a text, or both; 404 where there is no evidence, 400 for bad input."""
        # One byte more than is allowed is enough for the decoder to refuse.
        sources: list[PhotoSource] = [p.file.read(MAX_BYTES + 1) for p in (photos or [])[: MAX_PHOTOS + 1]]
        answer = locator.locate(sources or None, text, top_k, region, merge_km=merge_km)
        if form == "json":
            return JSONResponse(answer.to_dict())
        return Response(FORMATS[form].write(answer, ()), media_type=FORMATS[form].media_type)

    return api
