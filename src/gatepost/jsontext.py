"""JSON as bytes, made quickly: a deployment writes down all that it does and all that there is."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dumps(value: Any) -> bytes:
    """Return a value as JSON in UTF-8, without blanks; whole numbers may have any size."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()
