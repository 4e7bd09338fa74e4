"""Rows that the platform needs in every environment."""

from __future__ import annotations

from gatepost.provider.declarations import Declarations
from gatepost.provider.insight import parse_script
from gatepost.provider.seed import SeedInputs, SeedKind


class ReferenceDataKind(SeedKind):
    """The life of reference data: a seed that every environment gets."""

    token = "gatepost:index:ReferenceData"  # noqa: S105

    def check(self, given: SeedInputs, declared: Declarations) -> None:
        """Every environment gets it."""
        parse_script(given.sql, given.file or "seed")
