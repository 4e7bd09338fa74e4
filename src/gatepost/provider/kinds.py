"""All kinds of objects, by Pulumi type."""

from __future__ import annotations

from typing import Any

from gatepost.provider.constraint import ConstraintKind
from gatepost.provider.function import FunctionKind
from gatepost.provider.index import IndexKind
from gatepost.provider.kind import Kind
from gatepost.provider.policy import PolicyKind
from gatepost.provider.reference_data import ReferenceDataKind
from gatepost.provider.seed import SeedKind
from gatepost.provider.table import TableKind
from gatepost.provider.trigger import TriggerKind
from gatepost.provider.view import ViewKind

_ALL: tuple[Kind[Any], ...] = (
    TableKind(),
    ConstraintKind(),
    IndexKind(),
    PolicyKind(),
    FunctionKind(),
    TriggerKind(),
    ViewKind(),
    SeedKind(),
    ReferenceDataKind(),
)
KINDS: dict[str, Kind[Any]] = {kind.token: kind for kind in _ALL}
