"""Imports of what says the same in other words, and options that name another provider."""

from __future__ import annotations

import pytest
from fix_stack import DeployedStack
from pulumi import ResourceOptions

from gatepost.resources import Attribute, Column, Composite, Index, Monthly, Range, Table


def test_import_takes_over_what_is_spelled_otherwise_or_in_no_catalog(deployed: DeployedStack) -> None:
    def program(opts: ResourceOptions, *, imports: bool = False) -> None:
        def known(identity: str) -> ResourceOptions:
            return ResourceOptions.merge(opts, ResourceOptions(import_=identity if imports else None))

        columns = [Column("id", "int"), Column("at", "timestamptz")]
        kept = Range("at", Monthly(ahead=1))
        events = Table("events", columns=columns, partition_by=kept, opts=known("public.events"))
        Index("events_at", events, ["at"], serves="the latest", opts=known("public.events_at"))
        Composite("pair", [Attribute("x", "int"), Attribute("y", "text")], opts=known("public.pair"))

    deployed.up(program)
    before = deployed.snapshot()
    (deployed.root / ".pulumi" / "stacks" / "shop" / "dev.json").unlink()
    assert deployed.up(lambda opts: program(opts, imports=True)).changes == {"create": 2, "import": 3}
    assert deployed.snapshot() == before
    assert deployed.up(program).changes == {"same": 5}


@pytest.mark.parametrize("given", [{"version": "9.9.9"}, {"plugin_download_url": "https://example.org"}])
def test_version_of_the_provider_is_refused(deployed: DeployedStack, given: dict[str, str]) -> None:
    def program(opts: ResourceOptions) -> None:
        asked = ResourceOptions.merge(opts, ResourceOptions(**given))
        Table("t", columns=[Column("id", "int")], opts=asked)

    assert f"does not support {next(iter(given))}" in str(deployed.failed_up(program))
