"""Who may do what to whose rows, said apart from the policies' SQL: nothing here renders any.

An intent stands beside a table's declaration and is plain data in its state. `gatepost prove isolation` works
out from it what must happen to whom, and PostgreSQL has to agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from gatepost.errors import InvalidDeclaration

Command = Literal["select", "insert", "update", "delete"]
COMMANDS: tuple[Command, ...] = get_args(Command)
Value: TypeAlias = str | int | bool | None
"""What a column can be compared with."""


@dataclass(frozen=True)
class Rule:
    """A condition on a row and on who asks; `&` and `|` combine rules."""

    def __and__(self, other: Rule) -> Rule:
        return All((*_parts(self, All), *_parts(other, All)))

    def __or__(self, other: Rule) -> Rule:
        return Any_((*_parts(self, Any_), *_parts(other, Any_)))

    @property
    def columns(self) -> frozenset[str]:
        """The row's own columns that the rule looks at."""
        if isinstance(self, All | Any_):
            return frozenset().union(*(part.columns for part in self.parts))
        return frozenset({self.column}) if isinstance(self, _OF_A_COLUMN) else frozenset()


@dataclass(frozen=True)
class Everybody(Rule):
    """Every row."""


@dataclass(frozen=True)
class Own(Rule):
    """The row's column is the current user."""

    column: str


@dataclass(frozen=True)
class Having(Rule):
    """The row's column has one of the values; None is null."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Member(Rule):
    """The current user has a membership whose tenant is the row's column."""

    of: Membership
    column: str
    roles: tuple[str, ...] | None
    """Any role where None."""


@dataclass(frozen=True)
class Claimed(Rule):
    """The row's column is a claim of the token: of a user's, or of one that names no user."""

    column: str
    claim: str
    signed_in: bool


@dataclass(frozen=True)
class Through(Rule):
    """The rule holds for a row of `table` whose `key` is the row's column."""

    column: str
    table: str
    rule: Rule
    key: str


@dataclass(frozen=True)
class All(Rule):
    """Every part holds."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True)
class Any_(Rule):  # noqa: N801
    """Some part holds."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True)
class Membership:
    """A table that says who belongs to which tenant, and as what.

    :param table: with its schema, such as `public.memberships`.
    :param tenant: its column that names the tenant.
    :param user: its column that names the user.
    :param role: its column that names the role, where there is one.
    :param where: which of its rows count, such as `having(left_at=None)`; all where not given.
    """

    table: str
    tenant: str
    user: str
    role: str | None = None
    where: Rule | None = None

    def member(self, column: str, roles: str | tuple[str, ...] | None = None) -> Rule:
        """Return the rule that the user belongs to the row's tenant, in one of `roles` where given."""
        if roles is not None and self.role is None:
            raise InvalidDeclaration(
                f'memberships in "{self.table}" have no role column: give role=, or no roles'
            )
        return Member(self, column, (roles,) if isinstance(roles, str) else roles and tuple(roles))


@dataclass(frozen=True)
class Update:
    """Which rows may be updated, and into what: a rule alone means both."""

    old: Rule
    new: Rule

    @property
    def columns(self) -> frozenset[str]:
        """The row's own columns that the rules look at."""
        return self.old.columns | self.new.columns


def everybody() -> Rule:
    """Return the rule that holds for every row."""
    return Everybody()


def own(column: str) -> Rule:
    """Return the rule that the row's column is the current user."""
    return Own(column)


def claimed(column: str, claim: str, *, signed_in: bool) -> Rule:
    """Return the rule that the row's column is a claim of the token, such as a guest's `client_id`.

    :param signed_in: whether the token must name a user, or must not.
    """
    return Claimed(column, claim, signed_in)


def having(**values: Value | tuple[Value, ...]) -> Rule:
    """Return the rule that the row's own columns have these values: one, several, or None for null."""
    if not values:
        raise InvalidDeclaration('having() names no column: write having(status="published")')
    parts = [Having(column, _null_last(value)) for column, value in values.items()]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _null_last(value: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(sorted(values, key=lambda one: one is None))


def through(column: str, table: str, rule: Rule, *, key: str = "id") -> Rule:
    """Return the rule that `rule` holds for a row of `table` whose `key` is the row's column."""
    return Through(column, table, rule, key)


_Given: TypeAlias = Mapping[Command, Rule | Update]


class Intent:
    """Which database role may do what to whose rows of a table; what is not named is refused.

    `Intent(authenticated={"select": own("user_id")}, service_role=everybody())`. A rule alone means all four
    commands.
    """

    roles: Mapping[str, Mapping[Command, Rule | Update]]
    """Per role, the rule of each command that it may give."""
    accepted: Mapping[str, str]
    """What the proof finds and may stay: the finding's name and the reason."""

    def __init__(self, **roles: Rule | _Given) -> None:
        self.roles = {role: _spread(role, given) for role, given in roles.items()}
        self.accepted = {}

    def accepting(self, accepted: Mapping[str, str]) -> Intent:
        """Return the intent that accepts these findings of the proof, each by its name, for a reason.

        :raises InvalidDeclaration: a reason is missing.
        """
        for finding, reason in accepted.items():
            if not reason.strip():
                raise InvalidDeclaration(
                    f'finding "{finding}" is accepted for no reason: say why it may stay'
                )
        made = Intent(**self.roles)
        made.accepted = {**self.accepted, **accepted}
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Intent):
            return False
        return (self.roles, self.accepted) == (other.roles, other.accepted)

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.roles)))

    def __repr__(self) -> str:
        return f"Intent({', '.join(f'{role}={given!r}' for role, given in self.roles.items())})"

    def __or__(self, other: Intent) -> Intent:
        """Return both together; what `other` says of a role and command counts."""
        roles: dict[str, _Given] = {
            role: {**self.roles.get(role, {}), **other.roles.get(role, {})}
            for role in {**self.roles, **other.roles}
        }
        return Intent(**roles).accepting({**self.accepted, **other.accepted})

    @property
    def columns(self) -> frozenset[str]:
        """The table's columns that the rules look at."""
        return frozenset().union(*(rule.columns for given in self.roles.values() for rule in given.values()))


def _spread(role: str, given: Rule | _Given) -> Mapping[Command, Rule | Update]:
    by_command: _Given = dict.fromkeys(COMMANDS, given) if isinstance(given, Rule) else given
    for command, rule in by_command.items():
        if command not in COMMANDS:
            known = ", ".join(COMMANDS)
            raise InvalidDeclaration(f'intent of "{role}": no command {command!r}: there are {known}')
        if isinstance(rule, Update) and command != "update":
            raise InvalidDeclaration(f'intent of "{role}": {command} has no old and new row: give one rule')
        if not isinstance(rule, Rule | Update):
            raise InvalidDeclaration(f'intent of "{role}": {command} expects a rule, got {rule!r}')
    return dict(by_command)


_OF_A_COLUMN = Own | Having | Member | Claimed | Through


def _parts(rule: Rule, kind: type[All] | type[Any_]) -> Iterator[Rule]:
    """Yield the parts of a rule that is combined the same way already, else the rule itself."""
    yield from rule.parts if isinstance(rule, kind) else (rule,)
