"""What every kind of object can do: the whole life of each stands in a file of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from gatepost.errors import InvalidDeclaration
from gatepost.postgres.catalog import Definition, Facts, Key
from gatepost.postgres.plan import Plan
from gatepost.provider.declarations import Declarations as Declarations
from gatepost.provider.declarations import Text
from gatepost.provider.renaming import Renaming

_LONGEST_NAME = 63


def _fits(name: str) -> str:
    size = len(name.encode())
    if not 0 < size <= _LONGEST_NAME:
        raise ValueError(f"a name has 1 to {_LONGEST_NAME} bytes, this one {size}")
    return name


def _fits_as_label(label: str) -> str:
    return _fits(label) if label else label


Name = Annotated[str, AfterValidator(_fits)]
"""A name that PostgreSQL stores as it is: a longer one it would cut off."""
Label = Annotated[str, AfterValidator(_fits_as_label)]
"""A value of an enum: the one name that may be empty."""


class Inputs(BaseModel):
    """The declared properties of a resource; on the wire their names are camelCase."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


I = TypeVar("I", bound=Inputs)  # noqa: E741


class Kind(ABC, Generic[I]):
    """A kind of object: validate, identify, plan, read back."""

    token: ClassVar[str]
    inputs: type[I]
    outputs: ClassVar[tuple[str, ...]] = ()
    """What `extra_outputs` has."""
    silent: ClassVar[tuple[str, ...]] = ()
    """What of a definition may change without its declaration: a property stands in for it then."""
    unsaid: ClassVar[tuple[str, ...]] = ()
    """Properties, by their names on the wire, of which nothing is in the catalog."""
    leaves_a_trace: ClassVar[bool] = True
    """Whether one that was cut short has left something, once `recover` was there."""

    @abstractmethod
    def key(self, given: I) -> Key | None:
        """Return where the object is in the catalog; None for what leaves none there."""

    def identify(self, given: I) -> str:
        """Return the resource's id."""
        key = self.key(given)
        assert key is not None
        return ".".join(part for part in (key.schema, key.name, key.object) if part)

    def extra_outputs(self, given: I) -> dict[str, Any]:
        """Return outputs beyond the inputs and the canonical definition."""
        return {}

    def check(self, given: I, declared: Declarations) -> None:
        """Validate what types cannot say.

        :raises InvalidDeclaration: names what is wrong and where.
        """

    def texts(self, given: I) -> Iterable[Text]:
        """Return the SQL whose names are looked up among the declared ones."""
        return ()

    def settled(self, given: I, declared: Declarations) -> dict[str, Any]:
        """Return properties that the check itself finds out, by their names on the wire."""
        return {}

    def announce(self, given: I, declared: Declarations) -> None:
        """Tell later checks what this resource declares."""

    def stands(self, given: I, declared: Declarations) -> None:
        """Tell later checks of a resource that is not checked itself."""
        if key := self.key(given):
            declared.announce(key)
        self.announce(given, declared)

    def replaces(self, old: I, new: I) -> list[str]:
        """Return the properties whose change needs another object rather than an altered one."""
        return []

    def differences(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """Return the properties that differ; where a text came from makes no difference, nor how it ends."""
        usual = _defaults(self.inputs)
        names = (old.keys() | new.keys()) - {"file"}
        told = ({name: one.get(name, usual.get(name)) for name in names} for one in (old, new))
        before, after = (one | {"sql": _ended(one["sql"])} if "sql" in one else one for one in told)
        return sorted(name for name in names if before[name] != after[name])

    def standing(self, old: I, new: I, facts: Facts) -> I | None:
        """Return the old declaration as far as it still stands; None where the object is gone."""
        key = self.key(old)
        return old if key and facts.read(key) else None

    def in_new_names(self, old: I, new: I, renaming: Renaming) -> I:
        """Return the old declaration as it reads where columns got other names, spelled like the new one."""
        return old

    def takes_over(self, given: I, found: Definition) -> bool:
        """Return whether an object that is there was brought along by another that is declared."""
        return False

    @abstractmethod
    def create(self, given: I, facts: Facts) -> Plan:
        """Return the plan that makes the object."""

    def succeed(self, old: I, new: I, facts: Facts) -> Plan:
        """Return the plan that makes the object whose predecessor goes afterwards."""
        return self.create(new, facts)

    @abstractmethod
    def update(self, old: I, new: I, facts: Facts) -> Plan:
        """Return the plan that changes it in place."""

    @abstractmethod
    def delete(self, old: I, facts: Facts) -> Plan:
        """Return the plan that removes it; gone already means nothing to do."""

    def stand_in(self, inputs: dict[str, Any], then: Definition, now: Definition) -> dict[str, Any]:
        """Return inputs that differ from the declared ones where no declaration says what has changed."""
        return inputs


@cache
def _defaults(model: type[Inputs]) -> dict[str, Any]:
    """Return what goes without saying, by its name on the wire."""
    fields = model.model_fields.items()
    return {
        field.alias or name: field.default for name, field in fields if isinstance(field.default, str | bool)
    }


def _ended(value: Any) -> Any:
    """Return a statement without what may stand after it."""
    return value.rstrip().rstrip(";").rstrip() if isinstance(value, str) else value


def require_columns(used: Iterable[str], known: frozenset[str] | None, where: str, table: str) -> None:
    """Reject names that a declared table does not have.

    :raises InvalidDeclaration: names the missing columns and those that there are.
    """
    missing = sorted(set(used) - known) if known is not None else []
    if missing:
        there = ", ".join(sorted(known or ()))
        raise InvalidDeclaration(
            f'{where}: table "{table}" has no column {", ".join(missing)}: it has {there}'
        )
