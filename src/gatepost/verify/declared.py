"""What the program declares now: it runs as in a preview, and nobody connects."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_stack
from typing import TYPE_CHECKING, Any

from pulumi.provider.experimental.provider import (
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    Provider,
)

from gatepost.engine import Deployment, Project
from gatepost.engine.model import urn_name, urn_type
from gatepost.engine.postgresql.provider import PostgresqlProvider
from gatepost.engine.program import is_the_programs, program_file
from gatepost.engines import in_folder, noting_features
from gatepost.observer import Observer
from gatepost.postgres.connect import Target
from gatepost.provider.provider import GatepostProvider
from gatepost.provider.values import plain_map

if TYPE_CHECKING:
    from gatepost.stacks import Stack


@dataclass(frozen=True)
class Declared:
    """One declared object: its type without the package's path, its name and its inputs."""

    kind: str
    name: str
    feature: str
    inputs: dict[str, Any]
    places: tuple[str, ...] = ()
    """`file:line` of the program's calls that declare it, the innermost first."""


@dataclass
class Source:
    """One provider of the program: where it connects, and what it was asked for."""

    package: str
    settings: dict[str, Any] = field(default_factory=dict)
    objects: list[Declared] = field(default_factory=list)

    def target(self, database: str | None = None) -> Target:
        """Return the database as the deployer sees it, without any role taken on."""
        given = self.settings
        return Target(
            host=given["host"],
            port=int(given.get("port") or 5432),
            username=given["username"],
            password=given.get("password"),
            database=database or given.get("database") or "postgres",
            sslmode=given.get("sslmode") or "prefer",
        )

    def names_on(self, kind: str, schema: str, table: str) -> set[str]:
        """Return the names of the declared policies or triggers of a table."""
        on = [one.inputs for one in self.objects if one.kind.lower() == kind]
        return {one["name"] for one in on if (one.get("schema", "public"), one["table"]) == (schema, table)}

    @property
    def owner(self) -> str:
        """The role that owns what is made through this provider."""
        return str(self.settings.get("role") or self.settings["username"])


_Made = tuple[Source, str, dict[str, Any]]
"""A provider, and the URN and inputs of what it was asked for."""


def collect(stack: Stack) -> tuple[list[Source], list[str]]:
    """Run the program and return what it declares, provider by provider, and its features in order.

    :raises DeploymentFailed: a declaration is wrong in itself.
    """
    observer, sources, made = Observer(), list[Source](), list[_Made]()

    def listening(package: str, real: Provider) -> _Listener:
        sources.append(Source(package))
        return _Listener(sources[-1], real, made)

    settings = stack.settings()
    with tempfile.TemporaryDirectory(prefix="gatepost-verify-") as nowhere:
        deployment = Deployment(
            Project(stack.project, stack.root),
            stack.name,
            backend=Path(nowhere),
            passphrase=stack.passphrase,
            config=settings.values,
            secret_config=settings.secret,
            providers={
                "gatepost": lambda: listening("gatepost", GatepostProvider()),
                "postgresql": lambda: listening("postgresql", PostgresqlProvider()),
            },
        )
        places = dict[tuple[str, str], tuple[str, ...]]()
        program = noting_places(program_file(stack.program), stack.root, places)
        deployment.preview(in_folder(stack, noting_features(program, observer)))
    _assign(made, observer, places)
    return sources, list(dict.fromkeys(observer.features.values()))


def noting_places(
    program: Callable[[], object], root: Path, places: dict[tuple[str, str], tuple[str, ...]]
) -> Callable[[], object]:
    """Return a program that puts down where each resource, by type and name, is declared below `root`."""

    def note(args: Any) -> None:
        places[args.type_, args.name] = tuple(_calls(root))

    def run() -> None:
        from pulumi.runtime import register_stack_transformation

        register_stack_transformation(note)
        program()

    return run


def _calls(root: Path) -> Iterator[str]:
    for frame, line in walk_stack(None):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(root) and is_the_programs(path):
            yield f"{path.relative_to(root)}:{line}"


def _assign(made: list[_Made], observer: Observer, places: dict[tuple[str, str], tuple[str, ...]]) -> None:
    """Give every object its feature, in the order in which the program declares them."""
    order = {key: at for at, key in enumerate(observer.order)}
    made.sort(key=lambda item: order.get((urn_type(item[1]), urn_name(item[1])), 0))
    for source, urn, inputs in made:
        kind, name = urn_type(urn), urn_name(urn)
        feature = observer.features.get((kind, name)) or source.package
        at = places.get((kind, name), ())
        source.objects.append(Declared(kind.rpartition(":")[2], name, feature, inputs, at))


class _Listener(Provider):
    """Checks declarations as the real provider does, keeps them, and makes nothing."""

    def __init__(self, source: Source, real: Provider, made: list[_Made]) -> None:
        self._source = source
        self._real = real
        self._made = made

    async def check_config(self, request: CheckRequest) -> CheckResponse:
        return await self._real.check_config(request)

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        self._source.settings = plain_map(request.args)
        return await self._real.configure(request)

    async def check(self, request: CheckRequest) -> CheckResponse:
        response = await self._real.check(request)
        if not response.failures:
            self._made.append((self._source, request.urn, plain_map(response.inputs or {})))
        return response

    async def create(self, request: CreateRequest) -> CreateResponse:
        return CreateResponse("", request.properties)
