"""Everything that goes wrong, in one shape: what was given, what is allowed, what to try."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from geoclip_core.errors import GeoclipError, MissingDependencyError, NoEvidenceError

_log = logging.getLogger("geoclip_core.serve")

RETRY_SECONDS = 2
"""After which a client that was turned away may try again."""

MEANINGS = {
    400: "Something in the question cannot be used: a photo, a region, a setting, or the Host header.",
    401: "The API key is missing or wrong.",
    403: "A web page that is not allowed to has asked.",
    404: "There is no evidence of a place; what the photos' files say is told all the same.",
    408: "The question did not arrive in time.",
    413: "The question is too large.",
    422: "A field of the question is missing, or not of its type.",
    429: "The service is busy; Retry-After says when to ask again.",
    500: "A fault of the service.",
    501: "This installation lacks a package that the answer needs.",
    503: "The service is starting or stopping.",
    504: "The answer took too long.",
}
"""What each status means, for the OpenAPI document."""


class Problem(BaseModel):
    """Why there is no answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "problem": "The text is empty",
                "allowed": None,
                "hint": "type a place, such as “Giza, Egypt”, or a landscape",
                "photos": [],
            }
        }
    )

    problem: str = Field(description="what went wrong, one sentence")
    allowed: str | None = Field(description="what would have been accepted")
    hint: str | None = Field(description="what to do now")
    photos: list[dict[str, Any]] = Field(description="what the photos' files say, where there is no answer from them")


class Refused(HTTPException):
    """A request that is turned away; an HTTPException, so that FastAPI passes it on while it reads a body.

    Args:
        status: HTTP status.
        problem: As in :class:`Problem`.
        hint: As in :class:`Problem`.
        photos: As in :class:`Problem`.
        allowed: As in :class:`Problem`.
    """

    def __init__(
        self,
        status: int,
        problem: str,
        hint: str | None = None,
        photos: Sequence[Mapping[str, Any]] = (),
        allowed: str | None = None,
    ) -> None:
        super().__init__(status, problem)
        self.body = {"problem": problem, "allowed": allowed, "hint": hint, "photos": list(photos)}

    def response(self) -> JSONResponse:
        """What is sent."""
        headers = {"Retry-After": str(RETRY_SECONDS)} if self.status_code in (429, 503) else {}
        headers |= {"WWW-Authenticate": "Bearer"} if self.status_code == 401 else {}
        return JSONResponse(self.body, self.status_code, headers)


def refusal(error: GeoclipError, photos: Sequence[Mapping[str, Any]] = ()) -> Refused:
    """How an error of the package is told to a client."""
    if isinstance(error, NoEvidenceError):
        status = 404
    elif isinstance(error, MissingDependencyError):
        status = 501
    elif isinstance(error, ValueError):  # what was given is at fault
        status = 400
    else:
        return fault(error)
    return Refused(status, error.problem, error.hint, photos, error.allowed)


def fault(error: BaseException) -> Refused:
    """A fault of the service: told to the client without details, and to the log without content.

    The message of an error may hold a text or a position, so that only its kind and where it arose are logged.
    """
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{Path(last[0].filename).name}:{last[0].lineno}" if last else "unknown"
    _log.error("%s in %s", type(error).__name__, where)
    return Refused(500, "The service failed on this question", "ask again; if it fails again, report it")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The statuses of an operation besides 200, for the OpenAPI document."""
    common = (400, 401, 403, 500)
    return {s: {"model": Problem, "description": MEANINGS[s]} for s in sorted({*common, *statuses})}


def handle_problems(api: FastAPI) -> None:
    """Give every error that FastAPI meets the shape of :class:`Problem`."""

    @api.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> JSONResponse:
        return error.response()

    @api.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        # What was sent is not repeated: it may be a photo.
        told = [f"{_field(part['loc'])}: {part['msg']}" for part in error.errors()[:5]]
        return Refused(422, "; ".join(told), "see /docs for the fields").response()

    @api.exception_handler(HTTPException)  # of Starlette: no such path, no such method, a body that cannot be read
    async def unknown(_: Request, error: HTTPException) -> JSONResponse:
        reply = Refused(error.status_code, str(error.detail), "see /docs for what can be asked").response()
        reply.headers.update(error.headers or {})
        return reply


def _field(location: Sequence[Any]) -> str:
    """The name of a field; positions in lists by number, and no more than three levels."""
    return ".".join(str(part)[:40] for part in location[1:4]) or "the body"
