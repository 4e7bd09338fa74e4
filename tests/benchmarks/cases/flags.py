"""Flags, read from the database and decided in memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from benchmarks.cases.turns import Case, Turn
from openfeature.evaluation_context import EvaluationContext

from gatepost import targets
from gatepost.session import Database
from services.feature_flags.flags import flags_of, segments_of
from services.feature_flags.provider import DatabaseFlags

FOLDER = "feature_flags"


def operations(database: Database) -> dict[str, Case]:
    def provider() -> DatabaseFlags:
        return _reading(database)

    def context(turn: Turn) -> EvaluationContext:
        return EvaluationContext(turn["unit"], {"segments": [turn["segment"]]})

    decided: dict[str, Callable[[Turn], object]] = {
        "boolean": lambda turn: provider().resolve_boolean_details(turn["flag"], False, context(turn)),
        "string": lambda turn: provider().resolve_string_details(turn["flag"], "", context(turn)),
        "integer": lambda turn: provider().resolve_integer_details(turn["flag"], 0, context(turn)),
        "float": lambda turn: provider().resolve_float_details(turn["flag"], 0.0, context(turn)),
        "object": lambda turn: provider().resolve_object_details(turn["flag"], [], context(turn)),
    }
    return {
        "flags.flags_of": Case(lambda turn: flags_of(database, turn["unit"])),
        "flags.segments_of": Case(lambda turn: segments_of(database, turn["unit"])),
        **{
            f"provider.DatabaseFlags.resolve_{kind}_details": Case(work, targets.IN_MEMORY)
            for kind, work in decided.items()
        },
    }


@cache
def _reading(database: Database) -> DatabaseFlags:
    """Flags as they were read first: none is read again while it is measured."""
    flags = DatabaseFlags(database, refresh=86_400.0)
    flags.initialize(EvaluationContext())
    return flags
