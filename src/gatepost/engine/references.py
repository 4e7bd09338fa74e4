"""Stack references: the outputs of another stack whose state is in the same folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pulumi.provider.experimental.provider import Provider, ReadRequest, ReadResponse

from gatepost.engine.model import Project
from gatepost.engine.resource import STACK_TYPE
from gatepost.engine.secrets import Vault
from gatepost.engine.state import StateFiles
from gatepost.engine.values import Values, decode, from_plain, make
from gatepost.errors import InvalidDeclaration, UsageError


class BuiltIn(Provider):
    """The package `pulumi` itself: of its resources, stack references."""

    def __init__(self, backend: Path, project: Project, passphrase: Callable[[], str]) -> None:
        self._backend = backend
        self._project = project
        self._passphrase = passphrase

    async def read(self, request: ReadRequest) -> ReadResponse:
        """Return the outputs of the stack that is named `organization/<project>/<stack>`, or `<stack>`."""
        if request.type != "pulumi:pulumi:StackReference":
            raise InvalidDeclaration(
                f"{request.type} cannot be read: the package `pulumi` has stack references"
            )
        outputs = self._outputs(request.resource_id)
        secret = sorted(name for name, value in outputs.items() if value.contains_secret())
        name = from_plain(request.resource_id)
        found = {"name": name, "outputs": make(outputs), "secretOutputNames": from_plain(secret)}
        return ReadResponse(request.resource_id, found, {"name": name})

    def _outputs(self, name: str) -> Values:
        organization, project, stack = self._split(name)
        files = StateFiles(self._backend, Project(project, self._project.root, organization), stack)
        if not files.file.exists():
            raise UsageError(
                f"stack {name!r} has no state in {self._backend}: deploy it first, or correct its name"
            )
        checkpoint = files.load()
        vault = Vault(self._passphrase, checkpoint.salt)
        for resource in checkpoint.resources:
            if resource["type"] == STACK_TYPE:
                return decode(vault, resource["urn"], resource.get("outputs", {}))
        return {}

    def _split(self, name: str) -> tuple[str, str, str]:
        parts = name.split("/")
        if len(parts) == 1:
            return self._project.organization, self._project.name, name
        if len(parts) == 3:
            return parts[0], parts[1], parts[2]
        raise UsageError(f"{name!r} is no name of a stack: write organization/<project>/<stack>")
