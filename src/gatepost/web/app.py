"""The application: routers of the features, and what every one of them gets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from gatepost.session import Database
from gatepost.web import problems
from gatepost.web.health import DATABASE, Health, examine, respond
from gatepost.web.metrics import CONTENT_TYPE, Metrics
from gatepost.web.requests import Ending, Limits, Requests
from gatepost.web.tokens import Verifier

_REFERENCE = "#/components/schemas/ProblemDocument"
_PROBLEM = {
    "description": "A problem, by RFC 9457",
    "content": {problems.MEDIA_TYPE: {"schema": {"$ref": _REFERENCE}}},
}


def create_app(
    database: Database,
    verifier: Verifier,
    routers: Sequence[APIRouter] = (),
    *,
    title: str = "Platform",
    maintenance: problems.Ask | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """Return the application.

    :param database: what endpoints get as `gatepost.web.database`; closing it is the caller's.
    :param verifier: tells whose a bearer token is.
    :param maintenance: asked why, when a transaction of the database may only read.
    """
    app = FastAPI(title=title, responses={"default": _PROBLEM}, redirect_slashes=False)
    metrics = Metrics(database)
    app.state.database, app.state.verifier = database, verifier
    app.state.maintenance, app.state.ending = maintenance, Ending()
    app.add_middleware(Requests, limits=limits or Limits(), seen=metrics.seen, ending=app.state.ending)
    problems.register(app)
    for router in (_own_routes(metrics), *routers):
        app.include_router(router)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _own_routes(metrics: Metrics) -> APIRouter:
    router = APIRouter()

    @router.get("/api/health", tags=["health"])
    def health(request: Request, response: Response) -> Health:
        """Say whether the database answers; 503 where it does not."""
        return respond(response, examine(request.app.state.database, [DATABASE]))

    @router.get("/metrics", include_in_schema=False)
    def metrics_text() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return router


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = problems.ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs", {})
        schemas["ProblemDocument"] = problem
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = document
    return app.openapi_schema
