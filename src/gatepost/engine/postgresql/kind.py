"""What the seven kinds have in common: properties, check, diff and outputs. None of it connects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pulumi.provider.experimental.provider import CheckFailure, PropertyDiff, PropertyDiffKind

from gatepost.engine.postgresql.values import (
    UNKNOWN,
    Plain,
    Properties,
    is_secret,
    is_unknown,
    plain,
    plain_map,
    wire,
)

if TYPE_CHECKING:
    from gatepost.engine.postgresql.connection import Session

DELTA = "__pulumi_raw_state_delta"
Type = Literal["string", "integer", "boolean", "set", "list", "objects"]


@dataclass(frozen=True)
class Property:
    """One property of a kind, and how a change of it is made."""

    type: Type = "string"
    required: bool = False
    default: Any = None
    """The value when none is declared; a default other than false is written into the inputs."""
    computed: bool = False
    """The server says what it is when none is declared."""
    replaces: bool = False
    secret: bool = False
    write_only: bool = False
    """Sent to the server, never kept in the state."""
    minimum: int | None = None
    choices: tuple[str, ...] = ()

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with the value, or nothing; a secret's value is never named."""
        if is_unknown(value):
            return None
        if not self._has_type(value):
            return f"got {_name_of(value)}, want {_WANTED[self.type]}"
        if self.minimum is not None and value < self.minimum:
            return f"got {value}, want {self.minimum} or more"
        if self.choices and value not in self.choices:
            return f'got "{value}", want one of {", ".join(self.choices)}'
        return None

    def _has_type(self, value: Any) -> bool:
        if self.type in ("set", "list"):
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        if self.type == "objects":
            return isinstance(value, list)
        if self.type == "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        return isinstance(value, bool if self.type == "boolean" else str)

    def same(self, old: Any, new: Any) -> bool:
        """Compare two plain values; nothing, false, zero and empty are one and the same."""
        if is_unknown(new):
            return False
        if self.type == "set" and old and new:
            return set(old) == set(new)
        return (old or None) == (new or None)


_WANTED = {
    "string": "a string",
    "integer": "a whole number",
    "boolean": "true or false",
    "set": "a list of strings",
    "list": "a list of strings",
    "objects": "a list of objects",
}


def _name_of(value: Any) -> str:
    names: dict[type, str] = {bool: "a boolean", int: "a number", float: "a fraction", str: "a string"}
    return names.get(type(value), "a list or an object of another shape")


class Kind(ABC):
    """The life of one resource kind: the subclasses say what stands in the database, and how."""

    token: ClassVar[str]
    properties: ClassVar[dict[str, Property]]
    renamed: ClassVar[dict[str, str]] = {}
    """Names that the Terraform provider writes otherwise, as Pulumi's bridge records them in the outputs."""
    autonamed: ClassVar[bool] = False
    importable: ClassVar[bool] = False
    transactional: ClassVar[bool] = True

    @abstractmethod
    def identify(self, values: Plain, database: str) -> str:
        """Return the id; `database` is the provider's own, for kinds that may leave theirs out."""

    def preflight(self, session: Session, new: Plain) -> None:  # noqa: B027
        """Find in a preview what would make `create` fail, without changing anything."""

    @abstractmethod
    def create(self, session: Session, new: Plain) -> None:
        """Make the object."""

    @abstractmethod
    def read(self, session: Session, known: Plain) -> Plain | None:
        """Return what the server says now, or nothing when the object is gone.

        `known` is the state so far: what was declared in other words for the same thing is kept as declared.
        """

    def update(self, session: Session, old: Plain, new: Plain) -> None:
        """Change the object in place."""
        raise NotImplementedError(self.token)

    @abstractmethod
    def delete(self, session: Session, old: Plain) -> None:
        """Remove the object; one that is gone already is done."""

    def problems(self, values: Plain) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Yield (property, reason) for values that cannot go together."""
        return iter(())

    def deletes_first(self, old: Plain, new: Plain) -> bool:
        """Tell whether a replacement must delete first: always where old and new are the same object."""
        return self.identify(self.complete(old), "") == self.identify(new, "")

    def is_default(self, key: str, value: Any) -> bool:
        """Tell whether a property need not be declared to have this value."""
        return value is None or self.properties[key].same(value, self.properties[key].default)

    def parse_id(self, identity: str) -> Plain:
        """Return the properties that an imported resource's id holds."""
        return {"name": identity}

    def connects_to(self, values: Plain, database: str) -> str:
        """Return the database to work in; `database` is the provider's own."""
        declared = values.get("database")
        return declared if isinstance(declared, str) and declared else database

    def check(
        self, name: str, old: Properties, new: Properties, seed: bytes
    ) -> tuple[Properties, list[CheckFailure]]:
        """Validate the declared inputs and fill in the defaults."""
        inputs = {
            key: value for key, value in new.items() if not key.startswith("__") and value.value is not None
        }
        defaults = {
            key: wire(prop.default)
            for key, prop in self.properties.items()
            if prop.default and key not in inputs
        }
        if self.autonamed and "name" not in inputs:
            defaults["name"] = self._generated_name(name, old, seed)
        inputs |= defaults
        failures = [CheckFailure(key, reason) for key, reason in self._all_problems(inputs)]
        return inputs | {"__defaults": wire(sorted(defaults))}, failures

    def _generated_name(self, name: str, old: Properties, seed: bytes) -> Any:
        if "name" in old and "name" in (plain(old["__defaults"]) if "__defaults" in old else ()):
            return old["name"]
        return wire(f"{name}-{Random(seed or None).getrandbits(28):07x}")  # noqa: S311

    def _all_problems(self, inputs: Properties) -> Iterator[tuple[str, str]]:
        values = plain_map(inputs)
        wrong = dict(self._problems_of_each(values))
        yield from wrong.items()
        for key, prop in self.properties.items():
            if prop.required and key not in values:
                yield key, "is missing and has no default: declare it"
        if not wrong:
            yield from self.problems({key: value for key, value in values.items() if not is_unknown(value)})

    def _problems_of_each(self, values: Plain) -> Iterator[tuple[str, str]]:
        for key, value in values.items():
            if key not in self.properties:
                yield key, f"is no property of {self.token}: it has {', '.join(self.properties)}"
            elif reason := self.properties[key].problem(value):
                yield key, reason

    def complete(self, values: Plain) -> Plain:
        """Return a value for every property: the default, or nothing, where none is given."""
        return {key: values.get(key, prop.default) for key, prop in self.properties.items()}

    def diff(self, old: Plain, new: Plain, ignore: list[str]) -> dict[str, PropertyDiff]:
        """Compare the state's outputs with the new inputs, property by property."""
        return {
            key: PropertyDiff(self._diff_kind(key, old, new), input_diff=False)
            for key, prop in self.properties.items()
            if key not in ignore and not prop.write_only and self._changed(key, old, new)
        }

    def _changed(self, key: str, old: Plain, new: Plain) -> bool:
        prop = self.properties[key]
        if key not in new and prop.computed:
            return False
        return not prop.same(old.get(key), new.get(key, prop.default))

    def _diff_kind(self, key: str, old: Plain, new: Plain) -> PropertyDiffKind:
        action = "ADD" if old.get(key) is None else "UPDATE" if key in new else "DELETE"
        return PropertyDiffKind[f"{action}_REPLACE" if self.properties[key].replaces else action]

    def planned(self, old: Plain | None, new: Plain) -> Plain:
        """Return what is known of the outputs before anything is done."""
        known: Plain = {}
        for key, prop in self.properties.items():
            unset = (UNKNOWN if old is None else old.get(key)) if prop.computed else prop.default
            known[key] = None if prop.write_only else new.get(key, unset)
        return known

    def outputs(self, identity: str, values: Plain, inputs: Mapping[str, Any]) -> Properties:
        """Return the outputs as Pulumi's bridge stores them; what was a secret input stays secret."""
        result: Properties = {"id": wire(identity)}
        for key, prop in self.properties.items():
            value = None if prop.write_only else values.get(key)
            if prop.type in ("set", "list") and not prop.computed:
                value = (
                    sorted(value) if value and prop.type == "set" and not is_unknown(value) else value or None
                )
            result[key] = wire(value, secret=prop.secret or is_secret(inputs.get(key)))
        return result | {DELTA: wire({"obj": self._delta(result)})}

    def with_known_empty_lists(self, outputs: Properties, known: Properties) -> Properties:
        """Return outputs where nothing reads as the empty list that the Go plugin's refresh has written."""
        kept = {
            key: known[key]
            for key in self.properties
            if outputs[key].value is None and key in known and known[key].value == ()
        }
        result = {**outputs, **kept}
        return result | {DELTA: wire({"obj": self._delta(result)})}

    def _delta(self, outputs: Properties) -> Plain:
        arrays: Plain = {key: {"arr": {}} for key in self.properties if isinstance(outputs[key].value, tuple)}
        delta: Plain = {"ps": arrays} if arrays else {}
        return delta | {"renamed": self.renamed} if self.renamed else delta
