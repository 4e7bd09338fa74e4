"""The embedded engine with Gatepost's own provider on a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pulumi
import pytest
from fix_provider import target_of
from servers import Database

from gatepost.engine import Deployment, DeploymentFailed, Manner, Project, Result
from gatepost.postgres import catalog
from gatepost.provider.provider import GatepostProvider
from gatepost.resources import Provider


@dataclass
class DeployedStack:
    """A stack of one database; programs get the options that name its provider."""

    database: Database
    root: Path
    parallel: int = 8
    plans: list[tuple[str, str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.superuser = psycopg.connect(self.database.superuser_url, autocommit=True)
        self.superuser.execute("grant all on schema public to deployer")

    def deployment(self, manner: Manner) -> Deployment:
        def provider() -> GatepostProvider:
            return GatepostProvider(lambda *told: self.plans.append(told), atomic=manner.atomic)

        return Deployment(
            Project("shop", self.root),
            "dev",
            backend=self.root,
            passphrase=lambda: "test",
            config={},
            providers={"gatepost": provider},
            parallel=self.parallel,
        )

    def program(self, declare: Callable[[pulumi.ResourceOptions], object]) -> Callable[[], object]:
        """A program that declares on this database."""
        target = target_of(self.database.deployer_url)

        def run() -> None:
            on = Provider(
                "db",
                host=target.host,
                port=str(target.port),
                username=target.username,
                password=target.password,
                database=target.database,
            )
            declare(pulumi.ResourceOptions(provider=on))

        return run

    def up(self, declare: Callable[[pulumi.ResourceOptions], object], **manner: Any) -> Result:
        how = Manner(**manner)
        return self.deployment(how).up(self.program(declare), how)

    def preview(self, declare: Callable[[pulumi.ResourceOptions], object], **manner: Any) -> Result:
        how = Manner(**manner)
        return self.deployment(how).preview(self.program(declare), how)

    def failed_up(
        self, declare: Callable[[pulumi.ResourceOptions], object], **manner: Any
    ) -> DeploymentFailed:
        with pytest.raises(DeploymentFailed) as caught:
            self.up(declare, **manner)
        return caught.value

    def sql(self, statement: LiteralString) -> list[Any]:
        """Run a statement as superuser, beside the deployment."""
        cursor = self.superuser.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def snapshot(self) -> dict[catalog.Key, Any]:
        """What the whole catalog says."""
        return catalog.read_all(self.superuser)

    @property
    def state(self) -> str:
        """The text of the state file."""
        file = self.root / ".pulumi" / "stacks" / "shop" / "dev.json"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def deployed(database: Database, tmp_path: Path) -> Iterator[DeployedStack]:
    """A stack that nothing was deployed to yet."""
    made = DeployedStack(database, tmp_path)
    yield made
    made.superuser.close()
