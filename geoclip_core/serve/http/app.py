"""The service around one loaded model: for programs in any language.

It listens on this machine only unless told otherwise, keeps nothing, and logs neither photos nor texts nor places.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from PIL import Image
from starlette.middleware.cors import CORSMiddleware

import geoclip_core
from geoclip_core.errors import GeoclipError
from geoclip_core.locate.locator import Locator
from geoclip_core.serve.http.description import describe, docs_page
from geoclip_core.serve.http.guard import Guard
from geoclip_core.serve.http.metrics import Metrics
from geoclip_core.serve.http.pool import WorkerPool
from geoclip_core.serve.http.problems import Refused, handle_problems, responses
from geoclip_core.serve.http.routes import make_routes
from geoclip_core.serve.http.schemas import HealthOut, ReadyOut
from geoclip_core.serve.http.settings import ServiceSettings
from geoclip_core.serve.http.tower import batch_towers

WARM_UP: tuple[dict[str, Any], ...] = (
    {"text": "Giza"},
    {"text": "snow on a wide empty plain"},
    {"photo": Image.new("RGB", (64, 64))},
)
"""Questions that load what answers need: names of places, the meaning of descriptions, networks that look at photos."""


def make_api(locator: Locator, settings: ServiceSettings | None = None) -> FastAPI:
    """The service around one loaded model.

    Args:
        locator: The model that answers; its image towers take the photos of several questions at a time from now on.
        settings: Limits; the defaults are for this machine alone.

    Returns:
        An ASGI application; ``/docs`` describes what it answers. ``app.state.pool`` holds its workers.
    """
    limits = settings or ServiceSettings()
    pool = WorkerPool(limits.workers, limits.queue, limits.seconds)
    metrics = Metrics(lambda: float(pool.open))
    warm = threading.Event()
    batch_towers(locator)

    def warm_up() -> None:
        for question in WARM_UP:
            with suppress(GeoclipError):
                if not pool.stopping:
                    locator.locate(**question, top_k=1)
        warm.set()

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        pool.stopping = False  # where the same application is started again
        # No daemon, even where a daemon starts it: a thread cut off in the middle of a network ends the process.
        threading.Thread(target=warm_up, name="warm-up", daemon=False).start()
        yield
        pool.stop()
        await pool.idle(limits.stop_seconds / 2)

    api = FastAPI(
        title="geoclip_core",
        summary="Where on Earth is this?",
        version=geoclip_core.__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    api.state.pool = pool
    handle_problems(api)
    api.include_router(make_routes(locator, pool, metrics, limits))

    @api.get("/health", response_model=HealthOut, responses=responses(), summary="Whether the service is alive")
    async def health() -> dict[str, str]:
        """Which model answers, and why it was chosen; told however busy the workers are."""
        return {"status": "ok", "model": locator.name, "reason": locator.reason}

    @api.get("/ready", response_model=ReadyOut, responses=responses(503), summary="Whether it takes questions now")
    async def ready() -> dict[str, object]:
        """200 once everything is loaded and while there is room in the queue; else 503."""
        if not warm.is_set() or pool.full:
            raise Refused(503, "The service is starting" if not warm.is_set() else "The service is busy")
        return {"ready": True, "open_questions": pool.open}

    @api.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}, **responses()},
        summary="Numbers for Prometheus",
    )
    async def numbers() -> Response:
        """Requests by path and status, seconds, open questions, photos."""
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    @api.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return docs_page(api.openapi())

    describe(api, with_key=limits.api_key is not None)
    paths = {str(getattr(route, "path", "")) for route in api.routes} | set(api.openapi()["paths"]) | {"/locate"}
    api.add_middleware(Guard, settings=limits, metrics=metrics, paths=paths - {""}, full=lambda: pool.full)
    if limits.origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=list(limits.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type"],
        )
    return api
