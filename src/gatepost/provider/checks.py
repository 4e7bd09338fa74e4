"""What is wrong with a declaration, said before anything connects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import CheckFailure, CheckRequest, CheckResponse
from pydantic import ValidationError

from gatepost.engine.model import urn_type
from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Facts, Key
from gatepost.provider.claims import Claims
from gatepost.provider.declarations import Declarations
from gatepost.provider.findings import Findings, reasons_of
from gatepost.provider.kind import Inputs, Kind
from gatepost.provider.kinds import kind_of
from gatepost.provider.properties import inputs_of, wire_map
from gatepost.provider.refusal import refusals
from gatepost.provider.unchanged import Unchanged
from gatepost.provider.values import has_secret, has_unknown, plain_map

_UNSHOWN = "the declaration is wrong; it holds a secret, so what is wrong with it cannot be shown"


@dataclass
class Checks:
    """What the checks of one deployment know of each other."""

    declared: Declarations = field(default_factory=Declarations)
    _claims: Claims = field(default_factory=Claims)
    _unchanged: Unchanged = field(default_factory=Unchanged)

    def answer(self, kind: Kind[Any], request: CheckRequest) -> CheckResponse:
        """Validate a declaration: its shape, its SQL, the names that it uses."""
        secret = has_secret(request.new_inputs)
        failures: list[CheckFailure] = []
        settled: dict[str, PropertyValue] = {}
        try:
            settled = wire_map(self._check(kind, plain_map(request.new_inputs), request.urn))
        except ValidationError as error:
            failures = refusals(error, kind.inputs, secret=secret)
        except InvalidDeclaration as error:
            reasons = [_UNSHOWN] if secret else reasons_of(error)
            failures = [CheckFailure("", one) for one in reasons]
        return CheckResponse(inputs={**request.new_inputs, **settled}, failures=failures)

    def _check(self, kind: Kind[Any], given: dict[str, Any], urn: str) -> dict[str, Any]:
        self._unchanged.announce(self.declared, self._claims)
        inputs = kind.inputs.model_validate(given)
        for name in (name for name, value in given.items() if _has_nul(value)):
            raise InvalidDeclaration(f"{name}: has a NUL character, which PostgreSQL cannot store: remove it")
        if has_unknown(given):
            self.declared.complete = False
            return {}
        try:
            self._require_right(kind, inputs)
        except InvalidDeclaration:
            self._announce_refused(kind, inputs)
            raise
        self._claims.claim(kind.key(inputs), inputs, urn)
        kind.announce(inputs, self.declared)
        return kind.settled(inputs, self.declared)

    def _require_right(self, kind: Kind[Any], inputs: Inputs) -> None:
        """Look for all that is wrong; a text that is made of what is wrong already says nothing new."""
        wrong = Findings()
        with wrong.noted():
            kind.check(inputs, self.declared)
        told = tuple(wrong.reasons)
        with wrong.noted():
            if key := kind.key(inputs):
                self.declared.announce(key)
            for text in kind.texts(inputs):
                if not told or not text.made_up:
                    with wrong.noted():
                        self.declared.check(text, told)
        wrong.settle()

    def _announce_refused(self, kind: Kind[Any], inputs: Inputs) -> None:
        """Let what others say of a refused declaration be judged, if its name can be told."""
        try:
            kind.stands(inputs, self.declared)
        except InvalidDeclaration:
            self.declared.complete = False

    def still(self, urn: str, kind: Kind[Any], given: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        """Tell whether an unchanged declaration needs no check, and remember it for those that do."""
        return self._unchanged.note(urn, kind, given, found)

    def statement(self, key: Key) -> str | None:
        """Return the statement that makes an object as the program declares it, where it declares it."""
        self._unchanged.announce(self.declared, self._claims)
        if (found := self._claims.declared.get(key)) is None:
            return None
        urn, inputs = found
        made = kind_of(urn_type(urn)).create(inputs, Facts()).statements
        return next((one.sql for one in made if not one.sql.startswith("set local ")), None)

    def stands(self, kind: Kind[Any], properties: Mapping[str, PropertyValue]) -> None:
        """Note what stays as it is in this deployment, so that its names are known."""
        inputs: Inputs = kind.inputs.model_validate(inputs_of(kind, properties))
        kind.stands(inputs, self.declared)


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(one) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(_has_nul(one) for one in value)
    return isinstance(value, str) and "\0" in value
