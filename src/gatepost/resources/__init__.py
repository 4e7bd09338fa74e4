"""The classes that a Pulumi program declares: the public API."""

from gatepost.resources.backfill import Backfill
from gatepost.resources.column_change import ColumnChange
from gatepost.resources.constraint import Check, Constraint, Exclusion, ForeignKey, PrimaryKey, Unique
from gatepost.resources.feature import Feature
from gatepost.resources.function import Function
from gatepost.resources.index import Index
from gatepost.resources.materialized_view import MaterializedView
from gatepost.resources.partition import (
    Daily,
    Hash,
    List,
    Monthly,
    Partition,
    Quarterly,
    Range,
    Weekly,
    Yearly,
)
from gatepost.resources.policy import Policy
from gatepost.resources.procedure import Procedure
from gatepost.resources.provider import Provider
from gatepost.resources.publication import Publication, Published
from gatepost.resources.reference_data import ReferenceData
from gatepost.resources.seed import Seed
from gatepost.resources.sequence import Sequence
from gatepost.resources.table import Column, Table
from gatepost.resources.tenant_table import Tenancy, TenantTable
from gatepost.resources.trigger import Trigger
from gatepost.resources.type import Attribute, Composite, Domain, Enum
from gatepost.resources.verbatim import Verbatim
from gatepost.resources.view import View

__all__ = [
    "Attribute",
    "Backfill",
    "Check",
    "Column",
    "ColumnChange",
    "Composite",
    "Constraint",
    "Daily",
    "Domain",
    "Enum",
    "Exclusion",
    "Feature",
    "ForeignKey",
    "Function",
    "Hash",
    "Index",
    "List",
    "MaterializedView",
    "Monthly",
    "Partition",
    "Policy",
    "PrimaryKey",
    "Procedure",
    "Provider",
    "Publication",
    "Published",
    "Quarterly",
    "Range",
    "ReferenceData",
    "Seed",
    "Sequence",
    "Table",
    "Tenancy",
    "TenantTable",
    "Trigger",
    "Unique",
    "Verbatim",
    "View",
    "Weekly",
    "Yearly",
]
