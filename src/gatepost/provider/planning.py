"""Which plan a request needs, given what is there: nothing, all, or what an earlier deployment left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gatepost.errors import ObjectExists
from gatepost.postgres.catalog import Definition, Facts
from gatepost.postgres.ledger import Ledger
from gatepost.postgres.plan import Plan
from gatepost.provider.kind import Inputs, Kind


@dataclass(frozen=True)
class Request:
    """What the engine wants done with one resource."""

    kind: Kind[Any]
    urn: str
    label: str
    secret: bool

    def creation(self, inputs: Inputs, facts: Facts, ledger: Ledger) -> Plan:
        """Return the plan that makes the object, or what is left of making it.

        :raises ObjectExists: it is there, and this resource did not make it.
        """
        key = self.kind.key(inputs)
        found = facts.read(key) if key else None
        plan = self._marked(self.kind.create(inputs, facts))
        if found is None or found.get("valid") is False:
            return plan
        remaining = ledger.remaining(facts.connection, self.urn, plan)
        if remaining is None:
            raise self._exists(inputs)
        return remaining

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
        stays = self.kind.key(standing or old) == key
        if stays and now == then:
            return plan
        if (left := ledger.remaining(facts.connection, self.urn, plan)) is not None:
            return left
        if now is not None and not stays:
            raise self._exists(new)
        return plan

    def _marked(self, plan: Plan) -> Plan:
        return plan.kept_secret() if self.secret else plan

    def _exists(self, inputs: Inputs) -> ObjectExists:
        return ObjectExists(
            f"{self.label}: {self.kind.identify(inputs)} exists already and is not this stack's:"
            " rename or drop it, or give this resource another name"
        )
