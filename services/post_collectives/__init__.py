"""Posts shared with collectives: the services that the deployment guides name."""

from services.post_collectives.audit_service import PostCollectiveAuditService
from services.post_collectives.error_handler import PostCollectiveErrorHandler
from services.post_collectives.errors import PostCollectiveError
from services.post_collectives.post_collective_service import PostCollectiveService

__all__ = [
    "PostCollectiveAuditService",
    "PostCollectiveError",
    "PostCollectiveErrorHandler",
    "PostCollectiveService",
]
