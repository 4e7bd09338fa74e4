"""Which plan a request needs, given what is there: nothing, all, or what an earlier deployment left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from gatepost.errors import ObjectExists
from gatepost.postgres.catalog import Definition, Facts
from gatepost.postgres.ledger import Ledger
from gatepost.postgres.plan import Plan
from gatepost.provider.kind import Inputs, Kind


def label_of(urn: str) -> str:
    """Return how messages call a resource: `Index "idx_posts_author"`."""
    *_, kind, name = urn.split("::")
    return f'{kind.rsplit(":", 1)[-1]} "{name}"'


@dataclass(frozen=True)
class Request:
    """What the engine wants done with one resource."""

    kind: Kind[Any]
    urn: str
    label: str
    secret: bool
    timeout: float = 0.0
    """The resource's own, in seconds; 0 where it has none."""
    in_state: bool = False
    """Whether the engine's state knows the resource: what is there is then what it is to replace."""
    replaced: Inputs | None = None
    """The declaration of what it is to replace."""

    def declared(self, inputs: Inputs) -> dict[str, Any] | None:
        """Return what the ledger remembers of the declaration; nothing of one with a secret."""
        return None if self.secret else inputs.model_dump(mode="json", by_alias=True)

    def creation(self, inputs: Inputs, facts: Facts, ledger: Ledger) -> Plan:
        """Return the plan that makes the object, or what is left of making it.

        :raises ObjectExists: it is there, and this resource did not make it.
        """
        key = self.kind.key(inputs)
        found = facts.read(key) if key else None
        if found is not None and self.replaced and key == self.kind.key(self.replaced):
            raise self._in_its_own_place(inputs)
        plan = self._marked(self._made(inputs, facts))
        if key and found is None:
            facts.planned.make(key)
        if found is None or found.get("valid") is False or self.kind.takes_over(inputs, found):
            return plan
        if (remaining := ledger.remaining(facts.connection, self.urn, plan)) is not None:
            return remaining
        return self._continued(inputs, plan, facts, ledger)

    def _made(self, inputs: Inputs, facts: Facts) -> Plan:
        if self.replaced is None:
            return self.kind.create(inputs, facts)
        return self.kind.succeed(self.replaced, inputs, facts)

    def _continued(self, inputs: Inputs, plan: Plan, facts: Facts, ledger: Ledger) -> Plan:
        """Return the plan that goes on from what an earlier deployment made by another plan.

        :raises ObjectExists: none of this resource did.
        """
        trace = None if self.in_state else ledger.trace(facts.connection, self.urn)
        made = self._read_back(trace.declared) if trace else None
        same_place = made is not None and self.kind.key(made) == self.kind.key(inputs)
        if trace is None or made is None or not same_place or self.kind.replaces(made, inputs):
            raise self._exists(inputs, _CREATED)
        if trace.complete:
            return Plan() if made == inputs else self._marked(self.kind.update(made, inputs, facts))
        return self._marked(self.kind.delete(made, facts)) + plan

    def _read_back(self, declared: Mapping[str, Any] | None) -> Inputs | None:
        try:
            return None if declared is None else self.kind.inputs.model_validate(dict(declared))
        except ValidationError:  # written by another version
            return None

    def change(self, old: Inputs, new: Inputs, then: Definition | None, facts: Facts, ledger: Ledger) -> Plan:
        """Return the plan that changes the object in place, or what is left of changing it.

        An object that is gone is made anew.

        :raises ObjectExists: it gets another name, under which there is an object already.
        """
        key = self.kind.key(new)
        if key is None:
            return self._marked(self.kind.update(old, new, facts))
        standing, now = self.kind.standing(old, new, facts), facts.read(key)
        if standing is None and now is None:
            return self._marked(self.kind.create(new, facts))
        plan = self._marked(self.kind.update(standing or old, new, facts))
        if getattr(old, "row_security", "off") == "off" != getattr(new, "row_security", "off"):
            facts.planned.secured.add(key)
        stays = self.kind.key(standing or old) == key
        if stays and now == then:
            return plan
        if (left := ledger.remaining(facts.connection, self.urn, plan)) is not None:
            return left
        if old != new and self._was_done(new, facts, ledger):
            return Plan()
        if now is not None and not stays:
            raise self._exists(new, _RENAMED)
        return plan

    def _was_done(self, inputs: Inputs, facts: Facts, ledger: Ledger) -> bool:
        """Return whether the resource's last plan brought this about, and the state was not told any more."""
        trace = ledger.trace(facts.connection, self.urn)
        return trace is not None and trace.complete and self._read_back(trace.declared) == inputs

    def _marked(self, plan: Plan) -> Plan:
        return plan.kept_secret() if self.secret else plan

    def _exists(self, inputs: Inputs, otherwise: str) -> ObjectExists:
        return ObjectExists(
            f"{self.label}: {self.kind.identify(inputs)} exists already, and this resource did not make it:"
            f" rename or drop it, or give this resource another name ({otherwise})"
        )

    def _in_its_own_place(self, inputs: Inputs) -> ObjectExists:
        return ObjectExists(
            f"{self.label}: {self.kind.identify(inputs)} would be replaced by an object of the same name, and"
            " what depends on it with it: take away what asks for that (replace_on_changes,"
            " delete_before_replace, another kind of type), and it is changed in place; or deploy once"
            " without it, which deletes it, and then with it again"
        )


_GIVEN_UP = "if another resource gives the name up in this deployment, let this one depend on that one"
_CREATED = (
    f"{_GIVEN_UP}; if one that is no longer declared has it, deploy once without this one; if it is this one"
    " under its former name, say so by `aliases`; if it is what a failed deployment replaced, deploy once"
    " what is in the state, which removes it"
)
_RENAMED = (
    f"{_GIVEN_UP}; if two change names with each other, first deploy one of them with a third name;"
    " if one that is no longer declared has it, deploy once without that one"
)
