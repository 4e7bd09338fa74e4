"""What was replaced in a deployment that failed and is still to be deleted: going back takes it up again."""

from __future__ import annotations

from gatepost.engine import calls, paths
from gatepost.engine.goal import Goal
from gatepost.engine.registry import Configured
from gatepost.engine.resource import Resource
from gatepost.engine.run import Run


async def find_former(run: Run, goal: Goal, new: Resource, configured: Configured) -> Resource | None:
    """Return the latest such resource that can become what is declared now; None where there is none."""
    if goal.import_id or goal.deleted_with in run.replaced:
        return None
    for former in run.snapshot.replaced(new.urn):
        if former.provider == new.provider and not former.taint:
            found = await calls.diff(configured, former, new.inputs.values, goal.ignore_changes)
            covered = any(paths.covers(goal.replace_on_changes, path) for path in found.paths)
            if not found.replace and not covered:
                return former
    return None
