"""The embedded engine's front: deploy, preview, refresh, destroy a stack, and read its outputs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gatepost.engine.model import Drift, Manner, Project, Result, StepEvent, now
from gatepost.engine.secrets import Vault
from gatepost.engine.state import Checkpoint, StateFiles

# the Pulumi SDK takes half a second to import: only what runs a session does, while the key is being derived
if TYPE_CHECKING:
    from pulumi.provider.experimental.provider import Provider

    from gatepost.engine.session import Session

T = TypeVar("T")
_USUAL = Manner()


def _silent(*_arguments: object) -> None:
    """Take no notice."""


class Deployment:
    """One stack of a project and everything that can be done with it.

    `providers` makes a provider for each package; `passphrase` is called when the stack's secrets need it;
    `on_event` hears every step and `on_message` what the program logs, as (severity, text, URN), both from
    other threads; `secret_config` are the keys of `config` that are secret; `encryption_salt` is the line of
    that name in Pulumi.<stack>.yaml, for a stack that has no state yet.

    Ctrl-C finishes the running steps, saves the state and raises KeyboardInterrupt; a second one aborts at
    once, and the next deployment replays the journal: where the manner is not patient the first one does.
    `stop` does what the first does, from any thread.
    """

    def __init__(
        self,
        project: Project,
        stack: str,
        *,
        backend: Path,
        passphrase: Callable[[], str],
        config: Mapping[str, str],
        providers: Mapping[str, Callable[[], Provider]],
        on_event: Callable[[StepEvent], None] = _silent,
        on_message: Callable[[str, str, str], None] = _silent,
        secret_config: frozenset[str] = frozenset(),
        encryption_salt: str | None = None,
        parallel: int = 8,
    ) -> None:
        self._project = project
        self._stack = stack
        self._passphrase = passphrase
        self._config = config
        self._providers = providers
        self._on_event = on_event
        self._on_message = on_message
        self._secret_config = secret_config
        self._encryption_salt = encryption_salt
        self._parallel = parallel
        self._files = StateFiles(backend, project, stack)
        self._session: Session | None = None

    def up(self, program: Callable[[], object], manner: Manner = _USUAL) -> Result:
        """Bring about what the program declares.

        Raises `DeploymentFailed` when resources failed (what succeeded is saved), `ProgramFailed` when the
        program raised, `DeploymentBusy`, `CorruptState` and `PassphraseMissing` before anything is changed.
        """
        with self._files.lock():
            if manner.refresh:
                self._run(lambda session: session.refresh(), manner=replace(manner, atomic=False))
            return self._run(lambda session: session.deploy(program), manner=manner)

    def preview(self, program: Callable[[], object], manner: Manner = _USUAL) -> Result:
        """Say what `up` would do; nothing is changed. Raises as `up` does."""
        checkpoint = None
        if manner.refresh:
            checkpoint = self._run(lambda session: session.refreshed(), preview=True, manner=manner)
        return self._run(
            lambda session: session.deploy(program), preview=True, manner=manner, checkpoint=checkpoint
        )

    def refresh(self, manner: Manner = _USUAL) -> Result:
        """Take over into the state what the resources are now; what no longer exists leaves it."""
        with self._files.lock():
            return self._run(lambda session: session.refresh()[0], manner=manner)

    def drift(self) -> list[Drift]:
        """Return every resource that is not as it was deployed; the state stays as it is."""
        return self._run(lambda session: session.refresh()[1], preview=True)

    def destroy(self, *, preview: bool = False, manner: Manner = _USUAL) -> Result:
        """Delete every resource of the stack, dependents first; protected ones refuse the whole."""
        if preview:
            return self._run(lambda session: session.destroy(), preview=True, manner=manner)
        with self._files.lock():
            return self._run(lambda session: session.destroy(), manner=manner)

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """Return the stack's outputs; secrets read "[secret]" unless asked for."""
        from gatepost.engine.resource import STACK_TYPE
        from gatepost.engine.values import decode, masked, plain_map

        checkpoint = self._files.load()
        vault = self._vault(checkpoint, needed=show_secrets and checkpoint.has_secrets)
        for resource in checkpoint.resources:
            if resource["type"] == STACK_TYPE:
                outputs = resource.get("outputs", {})
                values = decode(vault, resource["urn"], outputs) if show_secrets else masked(outputs)
                return plain_map(values, show_secrets)
        return {}

    def exported(self) -> list[dict[str, Any]]:
        """Return the state's resources with their secrets in clear."""
        from gatepost.engine.values import decode, plain_map

        checkpoint = self._files.load()
        vault = self._vault(checkpoint, needed=checkpoint.has_secrets)
        return [
            {
                **one,
                **{
                    name: plain_map(decode(vault, one["urn"], one.get(name) or {}), show_secrets=True)
                    for name in ("inputs", "outputs")
                },
            }
            for one in checkpoint.resources
        ]

    def saved(self) -> dict[str, Any]:
        """Return the state as `pulumi stack export` writes it, its secrets sealed."""
        found = self._files.load()
        latest: dict[str, Any] = {"manifest": {"time": now(), "magic": "", "version": ""}}
        if found.salt is not None:
            latest["secrets_providers"] = {"type": "passphrase", "state": {"salt": found.salt}}
        latest |= {"resources": found.resources, "pending_operations": found.pending, "metadata": {}}
        return {"version": 3, "deployment": latest}

    def stop(self) -> None:
        """Start no further step of the running operation, which then saves the state and ends."""
        if self._session is not None:
            self._session.stop()

    def _run(
        self,
        operation: Callable[[Session], T],
        *,
        preview: bool = False,
        manner: Manner = _USUAL,
        checkpoint: Checkpoint | None = None,
    ) -> T:
        with _without_collections():
            return self._performed(operation, preview, manner, checkpoint or self._files.load())

    def _performed(
        self, operation: Callable[[Session], T], preview: bool, manner: Manner, checkpoint: Checkpoint
    ) -> T:
        vault = self._vault(checkpoint, needed=not preview or checkpoint.has_secrets)
        from gatepost.engine.references import BuiltIn
        from gatepost.engine.session import Session, Settings

        built_in = {"pulumi": lambda: BuiltIn(self._files.backend, self._project, self._passphrase)}
        settings = Settings(
            project=self._project,
            stack=self._stack,
            config=self._config,
            secret_keys=self._secret_config,
            providers={**built_in, **self._providers},
            on_event=self._on_event,
            on_message=self._on_message,
            parallel=self._parallel,
            manner=manner,
        )
        with Session(settings, self._files, checkpoint, vault, preview=preview) as session:
            self._session = session
            try:
                return operation(session)
            finally:
                self._session = None

    def _vault(self, checkpoint: Checkpoint, *, needed: bool) -> Vault:
        vault = Vault(self._passphrase, checkpoint.salt or self._encryption_salt)
        if needed:
            vault.start(derive=checkpoint.has_secrets or not checkpoint.resources)
        return vault


@contextmanager
def _without_collections() -> Iterator[None]:
    """Make objects without looking for garbage among them, which would be a third of a no-op's time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
