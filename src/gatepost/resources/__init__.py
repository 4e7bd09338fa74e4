"""The classes that a Pulumi program declares: the public API."""

from gatepost.resources.constraint import Check, Constraint, ForeignKey, PrimaryKey, Unique
from gatepost.resources.feature import Feature
from gatepost.resources.function import Function
from gatepost.resources.index import Index
from gatepost.resources.policy import Policy
from gatepost.resources.provider import Provider
from gatepost.resources.reference_data import ReferenceData
from gatepost.resources.seed import Seed
from gatepost.resources.table import Column, Table
from gatepost.resources.tenant_table import Tenancy, TenantTable
from gatepost.resources.trigger import Trigger
from gatepost.resources.view import View

__all__ = [
    "Check",
    "Column",
    "Constraint",
    "Feature",
    "ForeignKey",
    "Function",
    "Index",
    "Policy",
    "PrimaryKey",
    "Provider",
    "ReferenceData",
    "Seed",
    "Table",
    "Tenancy",
    "TenantTable",
    "Trigger",
    "Unique",
    "View",
]
