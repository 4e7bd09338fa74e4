"""The files of a Pulumi project, as far as they say what a stack is: YAML, and the CLI's selection."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from gatepost.errors import CorruptState, UsageError


def read_yaml(file: Path) -> dict[str, Any]:
    """Return a file's keys and values.

    :raises UsageError: it is no YAML; the message has line and column.
    """
    import yaml

    try:
        found = yaml.safe_load(file.read_text())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else str(file)
        raise UsageError(f"{place}: no valid YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(found or {}, dict):
        raise UsageError(f"{file}: expected keys and values, got {type(found).__name__}")
    return found or {}


def selected_stack(root: Path) -> str | None:
    """Return what `pulumi stack select` chose for the project."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    digest = hashlib.sha1(os.fsencode(root / "Pulumi.yaml"), usedforsecurity=False).hexdigest()
    file = next((home / "workspaces").glob(f"*-{digest}-workspace.json"), None)
    if file is None:
        return None
    try:
        chosen = json.loads(file.read_text())
        names = {*chosen.get("stacks", {}).values(), *filter(None, [chosen.get("stack")])}
    except (ValueError, AttributeError) as error:
        raise CorruptState(f"{file} is damaged ({error}): `pulumi stack select` writes it again") from error
    return str(names.pop()).rpartition("/")[2] if len(names) == 1 else None
