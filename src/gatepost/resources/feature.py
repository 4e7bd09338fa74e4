"""A feature: one name for a slice of the platform."""

from __future__ import annotations

import pulumi

from gatepost.resources._base import Group
from gatepost.resources.provider import Provider


class Feature(Group):
    """A vertical slice with one name; the objects declared inside its `with` block belong to it.

    >>> with Feature("integrations", provider=target):   # doctest: +SKIP
    ...     Table("integrations", columns=[...])
    """

    def __init__(self, name: str, provider: Provider, opts: pulumi.ResourceOptions | None = None) -> None:
        merged = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[provider]))
        super().__init__("gatepost:index:Feature", name, None, merged)
