"""A resource as the state holds it, with its properties decoded only when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

from gatepost.engine import values as wire
from gatepost.engine.secrets import Vault
from gatepost.engine.values import Values
from gatepost.errors import UnsupportedFeature

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"
UNSUPPORTED = ("viewOf", "extensionRef", "snippetID", "resourceHooks", "replaceWith", "replacementTrigger")


class Properties:
    """A property map that is stored as JSON and used as values; each form is made when first needed."""

    __slots__ = ("_json", "_like", "_owner", "_values", "_vault")

    def __init__(
        self,
        vault: Vault,
        owner: str,
        *,
        json: dict[str, Any] | None = None,
        values: Values | None = None,
        like: Properties | None = None,
    ) -> None:
        """Hold either form.

        :param like: properties of which many values are among these: what they are as JSON is known.
        """
        self._vault = vault
        self._owner = owner
        self._json = json
        self._values = values
        self._like = like

    @property
    def values(self) -> Values:
        """The decrypted values."""
        if self._values is None:
            self._values = wire.decode(self._vault, self._owner, self._json or {})
        return self._values

    def value(self, name: str) -> PropertyValue | None:
        """One decrypted value, without decoding the others."""
        if self._values is not None or self._json is None:
            return self.values.get(name)
        return wire.from_json(self._vault, self._owner, self._json[name]) if name in self._json else None

    @property
    def json(self) -> dict[str, Any]:
        """What the state file holds, secrets encrypted."""
        if self._json is None:
            self._json = {key: self._encoded(key) for key in sorted(self._values or ())}
            self._like = None
        return self._json

    def _encoded(self, key: str) -> Any:
        value, like = self.values[key], self._like
        if like is not None and like._values is not None and like._values.get(key) is value:
            return like.json[key]
        return wire.to_json(self._vault, self._owner, value)

    def replaced(self, values: Values, *, like: Properties | None = None) -> Properties:
        """Return properties with these values: this very object, and its JSON, if nothing changed."""
        if values is self._values or values == self.values:
            return self
        return Properties(self._vault, self._owner, values=values, like=like)


# attribute → the name in the state file, in the order in which Pulumi writes them
_OPTIONAL = {
    "parent": "parent",
    "protect": "protect",
    "taint": "taint",
    "external": "external",
    "dependencies": "dependencies",
    "init_errors": "initErrors",
    "provider": "provider",
    "property_dependencies": "propertyDependencies",
    "pending_replacement": "pendingReplacement",
    "additional_secret_outputs": "additionalSecretOutputs",
    "custom_timeouts": "customTimeouts",
    "import_id": "importID",
    "retain_on_delete": "retainOnDelete",
    "deleted_with": "deletedWith",
    "created": "created",
    "modified": "modified",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
}
# aliases are followed when a resource is registered, and then not written, as Pulumi does
_KNOWN = {"urn", "custom", "delete", "id", "type", "inputs", "outputs", "aliases", *_OPTIONAL.values()}


@dataclass(slots=True, eq=False)
class Resource:
    """One resource of the state; `provider` is `<urn>::<id>`, times are ISO 8601 in UTC."""

    urn: str
    type: str
    custom: bool
    inputs: Properties
    outputs: Properties
    id: str = ""
    delete: bool = False
    parent: str = ""
    protect: bool = False
    taint: bool = False
    external: bool = False
    dependencies: list[str] = field(default_factory=list)
    init_errors: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    pending_replacement: bool = False
    additional_secret_outputs: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    created: str = ""
    modified: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_provider(self) -> bool:
        """Whether this is the configuration of a provider."""
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def references(self) -> set[str]:
        """The URNs of everything that must exist as long as this does."""
        found = {self.parent, self.deleted_with, self.provider.rpartition("::")[0], *self.dependencies}
        found.update(*self.property_dependencies.values())
        found.discard("")
        return found

    def to_json(self) -> dict[str, Any]:
        """Return what the state file holds; empty fields are left out, as Pulumi does."""
        json: dict[str, Any] = {"urn": self.urn, "custom": self.custom}
        if self.delete:
            json["delete"] = True
        if self.id:
            json["id"] = self.id
        json["type"] = self.type
        for name, properties in (("inputs", self.inputs), ("outputs", self.outputs)):
            if properties.json:
                json[name] = properties.json
        for attribute, name in _OPTIONAL.items():
            value = getattr(self, attribute)
            if value:
                json[name] = value
        json.update(self.extra)
        return json


def from_json(vault: Vault, json: Mapping[str, Any]) -> Resource:
    """Read a resource of the state.

    Raises `UnsupportedFeature` if it uses what this engine cannot keep up.
    """
    urn = json["urn"]
    for name in UNSUPPORTED:
        if json.get(name):
            raise UnsupportedFeature(
                f"{urn} has {name}, which the embedded engine does not support: use the Pulumi CLI instead"
            )
    optional = {attribute: json[name] for attribute, name in _OPTIONAL.items() if json.get(name)}
    return Resource(
        urn=urn,
        type=json["type"],
        custom=json.get("custom", False),
        inputs=Properties(vault, urn, json=json.get("inputs") or {}),
        outputs=Properties(vault, urn, json=json.get("outputs") or {}),
        id=json.get("id", ""),
        delete=json.get("delete", False),
        extra={name: value for name, value in json.items() if name not in _KNOWN},
        **optional,
    )
