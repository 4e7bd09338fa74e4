"""What the program wants of one resource, and which of its wishes this engine refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from gatepost.engine.program import is_the_programs
from gatepost.engine.resource import PROVIDER_PREFIX
from gatepost.engine.urns import Alias
from gatepost.engine.values import Values, from_plain, from_struct, make
from gatepost.errors import UnsupportedFeature, UsageError

# field of the request → the option's name in a program
REFUSED = {
    "remote": "remote components",
    "transforms": "transforms",
    "state_migrations": "state_migrations",
    "replace_with": "replace_with",
    "replacement_trigger": "replacement_trigger",
    "envVarMappings": "env_var_mappings",
    "packageRef": "parameterized packages",
    "parentStackTraceHandle": "remote components",
    "snippetId": "snippets",
}
# other packages' classes set these by themselves
_OWN = {"version": "version", "pluginDownloadURL": "plugin_download_url"}
# fields that need no support: what the program can take back, and how it was written
WITHOUT_EFFECT = frozenset(
    {
        "acceptSecrets",
        "acceptResources",
        "supportsPartialValues",
        "supportsResultReporting",
        "accepts_byte_string",
        "aliasSpecs",
        "stackTrace",
        "pluginChecksums",  # nothing is downloaded
    }
)
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(slots=True)
class Goal:
    """One resource as declared; `where` is the declaring file and line."""

    type: str
    name: str
    custom: bool
    given: Values | None = None
    plain: dict[str, Any] | None = None
    """The inputs as the state holds them, where none is secret; `inputs` then follow from them."""
    parent: str = ""
    provider: str = ""
    providers: dict[str, str] = field(default_factory=dict)
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    aliases: list[Alias] = field(default_factory=list)
    protect: bool = False
    retain_on_delete: bool = False
    delete_before_replace: bool | None = None
    deleted_with: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    hide_diffs: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    version: str = ""
    download_url: str = ""
    where: str = ""

    @property
    def inputs(self) -> Values:
        """The declared inputs."""
        if self.given is None:
            self.given = {name: from_plain(value) for name, value in (self.plain or {}).items()}
        return self.given

    def conceal(self, names: set[str]) -> None:
        """Make some of the inputs secret."""
        secret = {name: make(value.value, name in names) for name, value in self.inputs.items()}
        self.given, self.plain = secret, None

    @property
    def package(self) -> str:
        """The package whose provider manages the resource."""
        return self.type.removeprefix(PROVIDER_PREFIX).partition(":")[0]

    @property
    def needs(self) -> list[str]:
        """The URNs of everything that must be in place first."""
        found = [self.parent, self.deleted_with, self.provider.rpartition("::")[0], *self.dependencies]
        for urns in self.property_dependencies.values():
            found.extend(urns)
        return [urn for urn in found if urn]


def from_request(request: Any, root: Path) -> Goal:
    """Read a RegisterResourceRequest.

    Raises `UnsupportedFeature` for an option that this engine does not support: none is ignored.
    """
    refuse(request)
    goal = Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        given=from_struct(request.object),
        parent=request.parent,
        provider=request.provider,
        providers=dict(request.providers),
        dependencies=sorted(request.dependencies),
        property_dependencies={
            key: sorted(found.urns) for key, found in request.propertyDependencies.items()
        },
        aliases=[Alias(urn=urn) for urn in request.aliasURNs] + [_alias(alias) for alias in request.aliases],
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        deleted_with=request.deletedWith,
        ignore_changes=list(request.ignoreChanges),
        replace_on_changes=list(request.replaceOnChanges),
        hide_diffs=list(request.hideDiffs),
        additional_secret_outputs=sorted(request.additionalSecretOutputs),
        import_id=request.importId,
        version=request.version,
        download_url=request.pluginDownloadURL,
        where=where(request, root),
    )
    if request.deleteBeforeReplaceDefined:
        goal.delete_before_replace = request.deleteBeforeReplace
    if request.HasField("customTimeouts"):
        goal.custom_timeouts = _timeouts(request.customTimeouts)
    return goal


def refuse(request: Any) -> None:
    """Raise `UnsupportedFeature` if a request sets an option that this engine does not support."""
    for descriptor, value in request.ListFields():
        name = REFUSED.get(descriptor.name)
        if descriptor.name in _OWN and request.type.startswith("gatepost:"):
            name = _OWN[descriptor.name]
        if descriptor.name == "hooks" and value.ListFields():
            name = "resource hooks"
        if name is not None:
            raise UnsupportedFeature(
                f"the embedded engine does not support {name}: remove it, or deploy with the Pulumi CLI"
            )


def provider_inputs(goal: Goal) -> Values:
    """Return a provider's configuration as the state keeps it: with its version and what is internal."""
    inputs = dict(goal.inputs)
    internal: Values = {}
    if goal.download_url:
        internal["pluginDownloadURL"] = make(goal.download_url)
    if goal.version:
        inputs["version"] = make(goal.version)
    if goal.version or goal.download_url:
        inputs["__internal"] = make(internal)
    return inputs


def default_provider(goal: Goal, config: dict[str, str], secret_keys: frozenset[str]) -> Goal:
    """Return the provider of resources that name none, configured from the stack's settings."""
    inputs = {
        key: make(value, secret=f"{goal.package}:{key}" in secret_keys) for key, value in config.items()
    }
    name = "_".join(["default", *re.split(r"[.+-]", goal.version)]) if goal.version else "default"
    if goal.download_url:
        name += "_" + re.sub(r"[^A-Za-z0-9_.-]+", "_", goal.download_url)
    return Goal(
        type=f"{PROVIDER_PREFIX}{goal.package}",
        name=name,
        custom=True,
        given=inputs,
        version=goal.version,
        download_url=goal.download_url,
    )


def where(request: Any, root: Path) -> str:
    """Return `file:line` of the program's own line that registers a resource, relative to the project."""
    for position in (*(frame.pc for frame in request.stackTrace.frames), request.sourcePosition):
        path = Path(unquote(urlparse(position.uri).path))
        if position.uri and is_the_programs(path):
            shown = path.relative_to(root) if path.is_relative_to(root) else path
            return f"{shown}:{position.line}"
    return ""


def _alias(alias: Any) -> Alias:
    if alias.WhichOneof("alias") == "urn":
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias(
        name=spec.name,
        type=spec.type,
        project=spec.project,
        stack=spec.stack,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )


def _timeouts(timeouts: Any) -> dict[str, float]:
    found = {name: getattr(timeouts, name) for name in ("create", "update", "delete", "read")}
    return {name: duration(text) for name, text in found.items() if text}


def duration(text: str) -> float:
    """Return the seconds of a duration such as "1h30m" or "90s".

    Raises `UsageError` if it is none.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"custom timeout {text!r} is no duration: write for example 90s or 1h30m")
    seconds = sum((float(number) * _SECONDS[unit] for number, unit in parts), 0.0)
    return int(seconds) if seconds.is_integer() else seconds
