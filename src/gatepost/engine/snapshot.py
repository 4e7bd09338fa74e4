"""The state while a deployment runs: what it was, and what has become of it so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from gatepost.engine.journal import Journal
from gatepost.engine.order import mended, ordered
from gatepost.engine.resource import Resource, from_json
from gatepost.engine.secrets import Vault
from gatepost.engine.state import Checkpoint

Json = dict[str, Any]
TYPES = ("creating", "updating")
"""The operations whose outcome is to be found out when they were cut short."""


class Snapshot:
    """Old resources, replaced one by one by new ones; every edit also goes to the journal.

    `journal` is None in a preview, which keeps nothing.
    """

    def __init__(self, checkpoint: Checkpoint, vault: Vault, journal: Journal | None) -> None:
        self._journal = journal
        self._vault = vault
        self._salt = vault.salt
        self._stored = checkpoint.resources
        self._olds = [from_json(vault, json) for json in checkpoint.resources]
        self._places = {id(old): place for place, old in enumerate(self._olds)}
        self._by_urn = {old.urn: old for old in self._olds if not old.delete}
        self._gone: set[int] = set()
        self._renamed: dict[str, str] = {}
        self._pending = [op for op in checkpoint.pending if op.get("type") in TYPES]
        self.interrupted = {op["resource"]["urn"] for op in checkpoint.pending}
        """What a deployment was at when it was cut short: nobody knows whether it happened."""
        self._unknown: list[Json] = []
        self._late: list[tuple[Resource, int | None]] = []
        """What is to be recorded as soon as its secrets can be."""
        self.news: dict[str, Resource] = {}
        self.restated: dict[str, list[str]] = {}
        """The fields that change in the state of a resource that itself stays as it is."""
        self.dirty = checkpoint.recovered or len(self._pending) != len(checkpoint.pending)

    def half_updated(self, urn: str) -> Json | None:
        """Return what a resource was becoming when it was cut short; None where it was not."""
        updates = (op["resource"] for op in self._pending if op["type"] == "updating")
        return next((one for one in updates if one["urn"] == urn), None)

    def old(self, urn: str, aliases: Iterable[str] = ()) -> Resource | None:
        """Return the old resource of that URN, or of the first alias that has one."""
        for name in (urn, *aliases):
            found = self._by_urn.get(name)
            if found is not None and self._places[id(found)] not in self._gone:
                return found
        return None

    def replaced(self, urn: str) -> list[Resource]:
        """Return what that URN had before it was replaced and is still to be deleted, the latest first."""
        return [old for old in reversed(self.remaining()) if old.delete and old.urn == urn]

    def before(self, urn: str) -> Resource | None:
        """Return what the deployment found under that URN, whatever became of it since."""
        return self._by_urn.get(urn)

    def remaining(self) -> list[Resource]:
        """Return the old resources that nothing has replaced or removed, in their order."""
        return [old for place, old in enumerate(self._olds) if place not in self._gone]

    def leave(self, old: Resource) -> None:
        """Keep a resource as it is, with what is not known of it."""
        pending = self._pending
        self.put(old, old, changed=False)
        self._pending = pending

    def put(self, new: Resource, old: Resource | None = None, *, changed: bool = True) -> None:
        """Add a new resource in place of an old one; unchanged ones need no place in the journal."""
        self.news[new.urn] = new
        place = None if old is None else self._places[id(old)]
        if place is not None:
            self._gone.add(place)
            if old is not None and old.urn != new.urn:
                self._renamed[old.urn] = new.urn
        self._settle(new.urn)
        if not changed:
            self._keep(new, place)
        elif self._journal is not None and self._vault.is_deriving:
            self.dirty = True
            self._late.append((new, place))
        elif self._journal is not None:
            self._record({"put": new.to_json(), "old": place})

    def flag(self, old: Resource, *, delete: bool = False, pending_replacement: bool = False) -> None:
        """Mark an old resource: to be deleted later, or deleted and to be created again."""
        if delete:
            old.delete = True
            self._record({"flag": "delete", "old": self._places[id(old)]})
        if pending_replacement:
            old.pending_replacement = True
            self._record({"flag": "pendingReplacement", "old": self._places[id(old)]})

    def drop(self, old: Resource) -> None:
        """Forget an old resource: it no longer exists."""
        place = self._places[id(old)]
        self._gone.add(place)
        self._settle(old.urn, "updating")
        self._record({"old": place})

    def touch(self, new: Resource) -> None:
        """Record that a new resource's outputs were set after it was put."""
        if self._journal is not None:
            self._record({"put": new.to_json(), "old": None})

    async def begin(self, kind: str, resource: Resource) -> int:
        """Record that an operation ("creating", "updating", "deleting", "reading") starts."""
        if self._journal is None:
            return 0
        if self._late:
            await self._vault.derived()
            self._record_late()
        shown = resource.to_json()
        self._keep_salt()
        return await self._journal.begin(kind, shown)

    def end(self, number: int, resource: Resource, kind: str, *, known: bool = True) -> None:
        """Record that it ended; when its outcome is not known it stays pending in the state."""
        if self._journal is None:
            return
        if known:
            self._journal.end(number)
        else:
            self._unknown.append({"resource": resource.to_json(), "type": kind})
            self.dirty = True

    @property
    def pending(self) -> list[Json]:
        """The operations whose outcome nobody knows."""
        return [*self._pending, *self._unknown]

    def settle(self, declared: Collection[str], leaves_a_trace: Callable[[str], bool]) -> None:
        """Forget the interrupted creations of what is no longer declared and leaves nothing to look for."""
        for one in [op["resource"] for op in self._pending if op["type"] == "creating"]:
            if one["urn"] not in declared and not leaves_a_trace(one["type"]):
                self.dirty = True
                self._settle(one["urn"], "creating")

    def forget_pending(self) -> None:
        """Forget the operations whose outcome nobody knows."""
        self.dirty = self.dirty or bool(self._pending)
        self._pending = []

    def resources(self) -> list[Json]:
        """Return the whole state in order: new resources, then the old ones that are left."""
        found = [new.to_json() for new in self.news.values()]
        found += [old.to_json() for old in self.remaining()]
        return ordered(mended(found, self._renamed))

    def _settle(self, urn: str, *types: str) -> None:
        """Forget what is pending on a resource, or only operations of these types."""
        known = [
            op for op in self._pending if op["resource"]["urn"] == urn and op["type"] in (types or TYPES)
        ]
        if known:
            self.dirty = True
            self._pending = [op for op in self._pending if op not in known]

    def _keep(self, new: Resource, place: int | None) -> None:
        """Note what differs in the state of a resource that nothing has changed: its options, say."""
        now, before = _said(new.to_json()), {} if place is None else _said(self._stored[place])
        if now != before:
            self.dirty = True
            fields = [name for name in {**before, **now} if before.get(name) != now.get(name)]
            self.restated[new.urn] = fields

    def _record_late(self) -> None:
        late, self._late = self._late, []
        for new, place in late:
            self._record({"put": new.to_json(), "old": place})

    def _record(self, edit: Json) -> None:
        self._record_late()
        self.dirty = True
        self._keep_salt()
        if self._journal is not None:
            self._journal.edit(edit)

    def _keep_salt(self) -> None:
        """Journal the salt of the stack's first secret: without it nobody could read what was journalled."""
        if self._journal is not None and self._vault.salt != self._salt:
            self._salt = self._vault.salt
            self._journal.edit({"salt": self._salt})


def _said(resource: Json) -> Json:
    """Return a resource without properties that depend on nothing: some engines name them, others do not."""
    of_each = resource.get("propertyDependencies", {})
    return {**resource, "propertyDependencies": {name: urns for name, urns in of_each.items() if urns}}
