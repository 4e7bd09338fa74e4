"""Components and the stack itself: resources that only the state knows."""

from __future__ import annotations

from gatepost.engine.model import Op, now
from gatepost.engine.resource import Resource
from gatepost.engine.run import Run
from gatepost.engine.values import Values, changed_keys, has_unknowns


async def put_component(run: Run, new: Resource, old: Resource | None) -> Resource:
    """Put a component in its place; its outputs come later, by `put_outputs`."""
    if old is None:
        new.created = new.modified = now()
        op: Op = "create"
        changed: list[str] = []
    else:
        new.inputs = old.inputs.replaced(new.inputs.values)
        new.outputs = old.outputs
        new.created, new.modified, new.extra = old.created, old.modified, old.extra
        changed = changed_keys(old.inputs.values, new.inputs.values) if new.inputs is not old.inputs else []
        op = "update" if changed else "same"
    run.snapshot.put(new, old, changed=op != "same")
    run.finish(new.urn, op, diff=changed)
    return new


def put_outputs(run: Run, urn: str, outputs: Values, *, keep_old: bool = False) -> None:
    """Set the outputs of a component or of the stack.

    What is not known because something failed keeps its old value; `keep_old` keeps everything not given.
    """
    resource = run.snapshot.news.get(urn)
    if resource is None:
        return  # it failed or was skipped, and so was what it would have put out
    olds = resource.outputs.values
    known = {key: value for key, value in outputs.items() if run.preview or not has_unknowns(value)}
    kept = {key: value for key, value in olds.items() if key not in known and (keep_old or key in outputs)}
    replaced = resource.outputs.replaced({**kept, **known})
    if replaced is not resource.outputs:
        resource.outputs = replaced
        run.snapshot.touch(resource)
