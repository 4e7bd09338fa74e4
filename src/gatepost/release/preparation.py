"""Before a deployment: which commit it deploys, which one the stack has, and what cannot be taken back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from gatepost.errors import UsageError
from gatepost.postgres.connect import DatabaseMissing, connect, translating
from gatepost.release import commits
from gatepost.release.commits import Commit
from gatepost.release.log import DeploymentLog, Entry, cut_short, deployed, log_of
from gatepost.verify.declared import Source, collect
from gatepost.words import kind_of, plural

if TYPE_CHECKING:
    from gatepost.engine.model import StepEvent
    from gatepost.engines import Engine
    from gatepost.observer import Observer
    from gatepost.stacks import Stack

Catalog = Mapping[str, Any]
"""The definition of every object, by database, kind and name."""
_CHANGES_ROWS = ("Backfill", "ReferenceData", "Seed")


@dataclass(frozen=True)
class Release:
    """What is to be deployed, and what it replaces."""

    stack: Stack
    commit: Commit
    previous: Commit | None
    """What the stack has; None where nothing was deployed."""
    log: DeploymentLog | None
    """None where the program declares none."""
    catalog: Catalog
    """The database before."""
    fingerprint: str
    """Of the catalog that a roll-back must bring back: before a deployment that was cut short, that one's."""
    interrupted: Entry | None = None
    """The start of the deployment before, where nobody saw its end."""
    deployment: UUID = field(default_factory=uuid4)


def prepared(stack: Stack, engine: Engine, base: str | None) -> Release:
    """Return what is to be deployed; nothing is changed.

    :param base: the commit that the stack has, where nothing else says so.
    :raises UsageError: there is no git repository, or nothing says which commit the stack has.
    """
    commit = commits.of_working_tree(stack.root)
    if stack.is_shared and not commit.committed:
        raise UsageError(
            f'stack "{stack.name}" is shared, and files here are not committed: commit them, so that others'
            " can have what is deployed"
        )
    sources = collect(stack)[0]
    log = log_of(sources)
    entries = log.entries(stack.name) if log else []
    cut, catalog = cut_short(entries), catalog_of(sources)
    before = str(cut.data.get("structure")) if cut else fingerprint(catalog)
    return Release(stack, commit, _previous(stack, engine, base, entries), log, catalog, before, cut)


def _previous(stack: Stack, engine: Engine, base: str | None, entries: Sequence[Entry]) -> Commit | None:
    if base:
        return commits.resolve(stack.root, base)
    last = deployed(entries)
    if last is not None:
        known = str(last.data["release"])
        if commits.exists(stack.root, known):
            return Commit(known, committed=bool(last.data.get("committed", True)))
        raise UsageError(
            f'stack "{stack.name}" has commit {known[:10]}, which {last.data.get("who")} deployed and this'
            " repository does not know: fetch it, or name what the stack has with --base COMMIT"
        )
    if found := commits.kept(stack.root, stack.name):
        return found
    if not engine.exported():
        return None
    raise UsageError(
        f'nothing says which commit stack "{stack.name}" has, so that nobody could go back to it: name it'
        " with --base COMMIT (HEAD, where it is what is here)"
    )


def catalog_of(sources: Sequence[Source]) -> dict[str, Any]:
    """Return the definition of every object in the program's databases; nothing of one that is not there."""
    from gatepost.postgres.catalog import read_all

    found: dict[str, Any] = {}
    for target in dict.fromkeys(one.target() for one in sources if one.package == "gatepost"):
        try:
            with connect(target) as connection, translating("reading the catalog"):
                for key, definition in read_all(connection).items():
                    name = ".".join(filter(None, (key.schema, key.name, key.object)))
                    found[f"{target.database}: {key.kind} {name}"] = _in_any_order(definition)
        except DatabaseMissing:
            continue
    return found


def _in_any_order(definition: Any) -> Any:
    """Return a table without the order of its columns, which no one can bring back."""
    columns = definition.get("columns") if isinstance(definition, dict) else None
    if not isinstance(columns, list) or not all(isinstance(one, dict) for one in columns):
        return definition
    return {**definition, "columns": sorted(columns, key=lambda one: str(one.get("name")))}


def fingerprint(catalog: Catalog) -> str:
    """Return what two catalogs have in common only if they are the same."""
    return hashlib.sha256(json.dumps(catalog, sort_keys=True, default=str).encode()).hexdigest()


def differences(before: Catalog, after: Catalog) -> list[str]:
    """Return the objects that are not as they were."""
    gone = [f"{name} is gone" for name in before if name not in after]
    new = [f"{name} is new" for name in after if name not in before]
    return (
        gone + new + [f"{name} differs" for name in before if after.get(name, before[name]) != before[name]]
    )


def require_way_back(release: Release, back: Engine) -> None:
    """Make sure that the previous release is what the stack has: else no roll-back could be proved.

    :param back: the engine of that release's program.
    :raises UsageError: its program would change something.
    """
    if release.interrupted or release.previous is None:
        return
    changes = back.preview().changes
    left = sum(number for name, number in changes.items() if name not in ("same", "read"))
    if left:
        raise UsageError(
            f'{release.previous.short} is not what stack "{release.stack.name}" has: on the way back to it'
            f" {plural(left, 'resource')} would change: name the deployed commit with --base COMMIT"
        )


def one_way(observer: Observer, events: Sequence[StepEvent]) -> list[str]:
    """Return what a roll-back will not bring back, a sentence each."""
    from gatepost import planned_hazards
    from gatepost.postgres.plan import Hazard

    lost = [one for one in planned_hazards.of_plans(observer) if one.risk.hazard is Hazard.DELETES_DATA]
    told = [f"{one.what}: the rows of {one.risk.on} are deleted for good" for one in lost]
    return [*told, *_changed_rows(events)]


def _changed_rows(events: Sequence[StepEvent]) -> Iterator[str]:
    for event in events:
        if event.type.rpartition(":")[2] in _CHANGES_ROWS and event.op in ("create", "update", "replace"):
            yield f"{kind_of(event.type)} {event.name}: rows that it changes stay as they then are"
