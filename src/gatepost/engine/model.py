"""What the engine takes and gives: a project, the events of its steps, a result, its failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from gatepost.errors import GatepostError, UsageError

Op = Literal[
    "same",
    "create",
    "update",
    "replace",
    "create-replacement",
    "delete-replaced",
    "delete",
    "refresh",
    "import",
    "read",
]
Status = Literal["planned", "started", "done", "failed", "skipped"]

SECRET = "[secret]"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Project:
    """A Pulumi project: its name, the folder of its Pulumi.yaml, and the organization (files know one)."""

    name: str
    root: Path
    organization: str = "organization"

    @classmethod
    def load(cls, root: Path) -> Project:
        """Read the name from `root`/Pulumi.yaml.

        Raises `UsageError` if there is no such file or it names no project.
        """
        import yaml

        path = root / "Pulumi.yaml"
        try:
            name = yaml.safe_load(path.read_text())["name"]
        except FileNotFoundError as error:
            raise UsageError(f"{path} does not exist: start in the folder of a Pulumi project") from error
        except (yaml.YAMLError, KeyError, TypeError) as error:
            raise UsageError(f"{path} names no project: add a line `name: …`") from error
        return cls(str(name), root)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a deployment is carried out; see `Targets` for what may stand in `targets`."""

    targets: tuple[str, ...] = ()
    dependents: bool = False
    refresh: bool = False
    """Take over what the resources are now before they are compared with the program."""
    atomic: bool = False
    """All or nothing: every statement in one transaction."""
    patient: bool = True
    """Ctrl-C lets the running steps end first; else it ends them at once, where nothing is lost by that."""


KEPT = "kept"
"""The message of a deletion that forgets an object and leaves it where it is."""


@dataclass(frozen=True, slots=True)
class StepEvent:
    """One change of one resource; `diff` holds changed property paths, `seconds` the step's own time.

    A refresh reports `op="refresh"` throughout; its `message` is "unchanged", "changed" or "gone".
    The `message` of a deletion is "kept" where `retain_on_delete` keeps the object.
    """

    urn: str
    type: str
    name: str
    op: Op
    status: Status
    seconds: float = 0.0
    diff: list[str] = field(default_factory=list)
    message: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """A resource that differs from what was deployed; `new` is None when it no longer exists.

    Secret values read as "[secret]".
    """

    urn: str
    old: dict[str, Any]
    new: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Result:
    """What a deployment did.

    `changes` counts resources by what happened to them (same, create, update, replace, delete, import, read);
    `outputs` are the stack's, secrets masked; `warnings` need somebody's attention.
    """

    changes: dict[str, int]
    outputs: dict[str, Any]
    steps: list[StepEvent]
    seconds: float
    warnings: list[str] = field(default_factory=list)
    restated: dict[str, list[str]] = field(default_factory=dict)
    """What changes in the state alone: by URN the fields that do, as the state names them (`protect`)."""
    undone: bool = False
    """Whether all of it was taken back, as it was to be all or nothing."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one resource failed; `where` is the file and line that declares it, if known."""

    urn: str
    error: Exception
    where: str = ""

    @property
    def message(self) -> str:
        """Name the resource, the place and the reason in one line."""
        place = f" ({self.where})" if self.where else ""
        reason = str(self.error) or type(self.error).__name__
        return f"{urn_type(self.urn)} {urn_name(self.urn)}{place}: {reason}"


class DeploymentFailed(GatepostError):
    """Some resources failed; everything that succeeded is in the state.

    The exit code is the first failure's own.
    """

    def __init__(self, failures: list[Failure], skipped: list[str], result: Result) -> None:
        self.failures = failures
        self.skipped = skipped
        self.result = result
        self.exit_code = getattr(failures[0].error, "exit_code", GatepostError.exit_code)
        super().__init__(_listing(failures, skipped))


class ProgramFailed(GatepostError):
    """The program itself raised; the message names its file and line."""

    def __init__(self, message: str, cause: BaseException) -> None:
        super().__init__(message)
        self.exit_code = getattr(cause, "exit_code", GatepostError.exit_code)


def _listing(failures: list[Failure], skipped: list[str]) -> str:
    lines = [failure.message for failure in failures]
    if skipped:
        names = ", ".join(sorted(urn_name(urn) for urn in skipped)[:10])
        more = f" and {len(skipped) - 10} more" if len(skipped) > 10 else ""
        lines.append(f"{len(skipped)} skipped because they depend on these: {names}{more}")
    return "\n".join(lines)


def urn_name(urn: str) -> str:
    """Return the name at the end of a URN."""
    return urn.rpartition("::")[2]


def urn_type(urn: str) -> str:
    """Return the resource's own type, without its parents'."""
    return qualified_type(urn).rpartition("$")[2]


def qualified_type(urn: str) -> str:
    """Return the type with its parents' types, as it stands in the URN."""
    parts = urn.split("::", 3)
    return parts[2] if len(parts) == 4 else ""


def split_config(config: Mapping[str, str], package: str) -> dict[str, str]:
    """Return the configuration of one package, its keys without `package:`."""
    prefix = f"{package}:"
    return {key[len(prefix) :]: value for key, value in config.items() if key.startswith(prefix)}


def now() -> str:
    """Return the present time as the state writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
