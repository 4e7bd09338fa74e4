"""The paths of posts and collectives.

Bodies and ids are judged by the services, not before them: what is malformed is in the audit log too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Annotated, Any
from uuid import UUID
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Body, Depends, Query, Response
from pydantic import BaseModel

from gatepost.session import Database
from gatepost.web import Caller, Storage
from gatepost.web.health import Health, respond
from services.post_collectives.errors import ServicesOnly
from services.post_collectives.health import examine_sharing
from services.post_collectives.models import (
    Association,
    DraftSave,
    DraftSaved,
    DraftSummary,
    NewPost,
    PermissionValidation,
    PostableCollective,
    PostSummary,
    Removed,
    Shared,
    SharingChange,
    SharingSettings,
    Updated,
)
from services.post_collectives.post_collective_service import PostCollectiveService
from services.post_collectives.reports import (
    AnalyticsReport,
    AuditPage,
    ErrorCount,
    LocalLog,
    PerformanceMetrics,
    RecordedError,
    SystemHealth,
)
from services.post_collectives.writing import WritingService

_SERVICES: WeakKeyDictionary[Database, PostCollectiveService] = WeakKeyDictionary()
_MAKING = Lock()


def sharing(storage: Storage) -> PostCollectiveService:
    """Return the one service of a database, which remembers what this process did."""
    with _MAKING:
        if storage not in _SERVICES:
            _SERVICES[storage] = PostCollectiveService(storage)
        return _SERVICES[storage]


def writing(storage: Storage) -> WritingService:
    """Return the service of drafts, new posts and search."""
    return WritingService(storage, sharing(storage).errors)


Sharing = Annotated[PostCollectiveService, Depends(sharing)]
Writing = Annotated[WritingService, Depends(writing)]
Given = Annotated[Any, Body()]
Limit = Annotated[int, Query(ge=1, le=200)]
Hours = Annotated[float, Query(gt=0, le=8784)]
router = APIRouter(tags=["posts"])
_OF_POST = "/api/posts/{post_id}/collectives"


class _Permissions(BaseModel):
    collective_ids: list[UUID]
    user_id: UUID | None = None


class _Share(_Permissions):
    sharing_settings: SharingSettings | None = None


class _Change(_Permissions):
    sharing_settings: SharingChange


def _described(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the API's document says of a body that the service judges."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def whole(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return whole(parts[part["$ref"].rpartition("/")[2]])
            return {key: whole(value) for key, value in part.items()}
        return [whole(one) for one in part] if isinstance(part, list) else part

    return {"requestBody": {"content": {"application/json": {"schema": whole(schema)}}, "required": True}}


def _part(given: object, name: str, otherwise: object = None) -> Any:
    return given.get(name, otherwise) if isinstance(given, Mapping) else otherwise


def _user(given: object, caller: Caller) -> Any:
    return _part(given, "user_id") or caller.user_id


@router.get("/api/health/post-creation", tags=["health"])
def health_of_post_creation(storage: Storage, response: Response) -> Health:
    """Say whether posts can be written and shared; 503 where they cannot."""
    return respond(response, examine_sharing(storage))


@router.get("/api/collectives/postable")
def list_postable_collectives(caller: Caller, service: Sharing) -> list[PostableCollective]:
    """List the collectives where you may post."""
    return service.get_postable_collectives(caller, str(caller.user_id))


@router.post("/api/collectives/permissions", openapi_extra=_described(_Permissions))
def validate_permissions(caller: Caller, service: Sharing, given: Given) -> PermissionValidation:
    """Say of each collective whether you may post there."""
    user = _user(given, caller)
    return service.validate_collective_permissions(caller, user, _part(given, "collective_ids", ()))


@router.get("/api/collectives/{collective_id}/posts")
def list_posts_of_collective(
    caller: Caller,
    service: Writing,
    collective_id: UUID,
    before: datetime | None = None,
    limit: Limit = 50,
) -> list[PostSummary]:
    """List a collective's posts, newest first."""
    return service.get_collective_posts(caller, collective_id, before, limit)


@router.post("/api/posts", status_code=201, openapi_extra=_described(NewPost))
def create_post(caller: Caller, service: Writing, given: Given) -> dict[str, UUID]:
    """Make a post; the same id again makes no second one."""
    return {"id": service.create_post(caller, given)}


@router.get("/api/posts/home")
def list_home_posts(caller: Caller, service: Writing, limit: Limit = 50) -> list[PostSummary]:
    """List the newest posts of all your collectives."""
    return service.get_home_posts(caller, limit)


@router.get("/api/posts/search")
def search_posts(
    caller: Caller,
    service: Writing,
    words: Annotated[str, Query(max_length=500)],
    collective_id: UUID | None = None,
    before: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[PostSummary]:
    """Find posts that you may read, newest first."""
    return service.search_posts(caller, words, collective_id, before, limit)


@router.get(_OF_POST)
def list_collectives_of_post(caller: Caller, service: Sharing, post_id: str) -> list[Association]:
    """List where a post is shared."""
    return service.get_associations(caller, post_id)


@router.post(_OF_POST, openapi_extra=_described(_Share))
def share_post(caller: Caller, service: Sharing, post_id: str, given: Given) -> Shared:
    """Share your post with collectives: with all of them, or with none."""
    user = _user(given, caller)
    settings = _part(given, "sharing_settings")
    return service.create_post_collective_associations(
        caller, post_id, user, _part(given, "collective_ids", ()), settings
    )


@router.patch(_OF_POST, openapi_extra=_described(_Change))
def update_sharing(caller: Caller, service: Sharing, post_id: str, given: Given) -> Updated:
    """Change how a post appears in collectives."""
    user = _user(given, caller)
    settings = _part(given, "sharing_settings")
    return service.update_post_collective_associations(
        caller, post_id, user, _part(given, "collective_ids", ()), settings
    )


@router.delete(_OF_POST)
def stop_sharing(
    caller: Caller,
    service: Sharing,
    post_id: str,
    collective_id: Annotated[list[str] | None, Query()] = None,
    user_id: str | None = None,
) -> Removed:
    """Take a post back from collectives; where it is not shared, all is well."""
    user: Any = user_id or caller.user_id
    return service.remove_post_collective_associations(caller, post_id, user, collective_id or [])


@router.get("/api/posts/{post_id}/audit-log")
def read_audit_log(
    caller: Caller,
    service: Sharing,
    post_id: str,
    before: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
    limit: Limit = 50,
) -> AuditPage:
    """Read what happened to a post's associations, newest first."""
    return service.audit.get_post_audit_log(caller, post_id, before, limit)


@router.get("/api/drafts")
def list_drafts(caller: Caller, service: Writing, limit: Limit = 50) -> list[DraftSummary]:
    """List your drafts."""
    return service.get_drafts(caller, limit)


@router.put("/api/drafts", openapi_extra=_described(DraftSave))
def save_draft(caller: Caller, service: Writing, given: Given) -> DraftSaved:
    """Save a draft, as editors do by themselves; the last writer wins and learns of a conflict."""
    return service.save_draft(caller, given)


@router.get("/api/post-collectives/metrics")
def read_metrics(caller: Caller, service: Sharing) -> PerformanceMetrics:
    """Read how this process's operations went; for services."""
    _for_services(caller)
    return service.audit.get_performance_metrics()


@router.get("/api/post-collectives/export")
def export_metrics(caller: Caller, service: Sharing) -> dict[str, Any]:
    """Export this process's measurements and remembered operations; for services."""
    _for_services(caller)
    return service.audit.export_metrics()


@router.get("/api/post-collectives/local-logs")
def read_local_logs(caller: Caller, service: Sharing, limit: Limit = 100) -> list[LocalLog]:
    """Read the newest operations that this process remembers; for services."""
    _for_services(caller)
    return service.audit.get_local_logs(limit)


@router.get("/api/post-collectives/analytics")
def read_analytics(caller: Caller, service: Sharing, hours: Hours = 24) -> AnalyticsReport:
    """Read what the audit log says of the last hours; for services."""
    return service.audit.generate_analytics_report(caller, hours)


@router.get("/api/post-collectives/system-health")
def read_system_health(caller: Caller, service: Sharing) -> SystemHealth:
    """Read the last five minutes beside the limits of alerts; for services."""
    _for_services(caller)
    return service.audit.check_system_health()


@router.get("/api/post-collectives/errors")
def read_recent_errors(
    caller: Caller, service: Sharing, user_id: UUID | None = None, limit: Limit = 20
) -> list[RecordedError]:
    """Read the newest errors: your own, or, for services, anybody's."""
    return service.errors.get_recent_errors(caller, user_id or caller.user_id, limit)


@router.get("/api/post-collectives/error-statistics")
def read_error_statistics(caller: Caller, service: Sharing, hours: Hours = 24) -> list[ErrorCount]:
    """Read how often which error happened; for services."""
    return service.errors.get_error_statistics(caller, hours)


def _for_services(caller: Caller) -> None:
    if caller.role != "service_role":
        raise ServicesOnly
