"""All kinds of objects, by Pulumi type."""

from __future__ import annotations

from typing import Any

from gatepost.errors import UsageError
from gatepost.provider.backfill import BackfillKind
from gatepost.provider.constraint import ConstraintKind
from gatepost.provider.function import FunctionKind
from gatepost.provider.index import IndexKind
from gatepost.provider.kind import Kind
from gatepost.provider.materialized_view import MaterializedViewKind
from gatepost.provider.policy import PolicyKind
from gatepost.provider.publication import PublicationKind
from gatepost.provider.reference_data import ReferenceDataKind
from gatepost.provider.seed import SeedKind
from gatepost.provider.sequence import SequenceKind
from gatepost.provider.table import TableKind
from gatepost.provider.trigger import TriggerKind
from gatepost.provider.type import TypeKind
from gatepost.provider.verbatim import VerbatimKind
from gatepost.provider.view import ViewKind

_ALL: tuple[Kind[Any], ...] = (
    TableKind(),
    ConstraintKind(),
    IndexKind(),
    PolicyKind(),
    FunctionKind(),
    TriggerKind(),
    ViewKind(),
    MaterializedViewKind(),
    TypeKind(),
    SequenceKind(),
    PublicationKind(),
    VerbatimKind(),
    BackfillKind(),
    SeedKind(),
    ReferenceDataKind(),
)
KINDS: dict[str, Kind[Any]] = {kind.token: kind for kind in _ALL}


def kind_of(token: str) -> Kind[Any]:
    """Return the kind of a resource's type.

    :raises UsageError: there is none.
    """
    kind = KINDS.get(token.rsplit("$", 1)[-1])
    if kind is None:
        raise UsageError(f"no kind of object is called {token}: it is one of {', '.join(sorted(KINDS))}")
    return kind
