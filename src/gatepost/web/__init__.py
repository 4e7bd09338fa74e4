"""The API: tokens become identities, failures become problem documents, features bring routers and probes."""

from gatepost.web.app import create_app
from gatepost.web.dependencies import Caller, Storage, caller, database
from gatepost.web.request_ids import request_id
from gatepost.web.tokens import Verifier

__all__ = ["Caller", "Storage", "Verifier", "caller", "create_app", "database", "request_id"]
