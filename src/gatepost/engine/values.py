"""Property values in their three forms: on the wire (protobuf), in providers, and in the state (JSON)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, cast

from google.protobuf import struct_pb2
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference

from gatepost.engine.model import SECRET
from gatepost.engine.secrets import Vault
from gatepost.errors import CorruptState, UnsupportedFeature

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105
OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSET_SIGNATURES = ("c44067f5952c0a294b673a41bacd8c17", "0def7320c3a5731c473e5ecbe6d01bc7")

Values = dict[str, PropertyValue]

_NOTHING: frozenset[str] = frozenset()
_MAPPINGS = (MappingProxyType, dict, Mapping)
"""The first of them is what there nearly always is, and told at once."""


def make(value: Any, secret: bool = False, dependencies: frozenset[str] = _NOTHING) -> PropertyValue:
    """Make a `PropertyValue` of a value that is known to be right.

    The public constructor checks and copies every level again, which is most of a no-op's time.
    """
    made = object.__new__(PropertyValue)
    fields = made.__dict__
    fields["value"] = value
    fields["is_secret"] = secret
    fields["dependencies"] = dependencies
    return made


def from_struct(struct: struct_pb2.Struct) -> Values:
    """Read a map from the wire."""
    return {key: from_wire(value) for key, value in struct.fields.items()}


def from_wire(value: struct_pb2.Value) -> PropertyValue:
    """Read one value from the wire.

    Raises `UnsupportedFeature` for assets and archives.
    """
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        return (
            _special_from_wire(fields) if SIGNATURE in fields else _mapping(from_struct(value.struct_value))
        )
    if kind == "list_value":
        return make(tuple(from_wire(item) for item in value.list_value.values))
    return make(None if kind in (None, "null_value") else getattr(value, kind))


def _special_from_wire(fields: Mapping[str, Any]) -> PropertyValue:
    signature = fields[SIGNATURE].string_value
    if signature == SECRET_SIGNATURE:
        return from_wire(fields["value"]).with_secret(True)
    if signature == OUTPUT_SIGNATURE:
        inner = from_wire(fields["value"]) if "value" in fields else make(UNKNOWN)
        found = [item.string_value for item in fields["dependencies"].list_value.values]
        is_secret = fields["secret"].bool_value if "secret" in fields else False
        return inner.with_dependencies(found).with_secret(is_secret)
    if signature == RESOURCE_SIGNATURE:
        return _reference({key: item.string_value for key, item in fields.items()})
    raise _refused(signature)


def to_struct(values: Mapping[str, PropertyValue]) -> struct_pb2.Struct:
    """Write a map to the wire."""
    struct = struct_pb2.Struct()
    for key, value in values.items():
        _to_wire(value, struct.fields[key])
    return struct


def _to_wire(value: PropertyValue, target: struct_pb2.Value) -> None:
    if value.is_secret:
        target.struct_value.fields[SIGNATURE].string_value = SECRET_SIGNATURE
        target = target.struct_value.fields["value"]
    inner = value.value
    if inner is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(inner, bool):
        target.bool_value = inner
    elif isinstance(inner, (int, float)):
        target.number_value = inner
    elif isinstance(inner, str):
        target.string_value = inner
    elif isinstance(inner, _MAPPINGS):
        target.struct_value.SetInParent()
        for key, item in inner.items():
            _to_wire(item, target.struct_value.fields[key])
    elif isinstance(inner, Computed):
        target.string_value = UNKNOWN
    elif isinstance(inner, ResourceReference):
        for key, text in _reference_fields(inner).items():
            target.struct_value.fields[key].string_value = text
    else:
        target.list_value.SetInParent()
        for item in _items(inner):
            _to_wire(item, target.list_value.values.add())


def decode(vault: Vault, owner: str, json: Mapping[str, Any]) -> Values:
    """Read a map from the state, decrypting what is secret."""
    return {key: from_json(vault, owner, value) for key, value in json.items()}


def from_plain(json: Any) -> PropertyValue:
    """Read a value that is plain data: nothing in it is secret or a reference."""
    if isinstance(json, dict):
        return _mapping({key: from_plain(value) for key, value in json.items()})
    if isinstance(json, list):
        return make(tuple(from_plain(item) for item in json))
    return make(float(json) if type(json) is int else json)


def from_json(vault: Vault, owner: str, json: Any) -> PropertyValue:
    """Read one value from the state; `owner` is the resource's URN."""
    if isinstance(json, dict):
        if SIGNATURE in json:
            return _special_from_json(vault, owner, json)
        return _mapping({key: from_json(vault, owner, value) for key, value in json.items()})
    if isinstance(json, list):
        return make(tuple(from_json(vault, owner, item) for item in json))
    if isinstance(json, int) and not isinstance(json, bool):
        return make(float(json))
    return make(json)


def _special_from_json(vault: Vault, owner: str, json: dict[str, Any]) -> PropertyValue:
    signature = json[SIGNATURE]
    if signature == SECRET_SIGNATURE:
        if "ciphertext" not in json:
            raise CorruptState(f"a secret of {owner} has no ciphertext: restore a backup of the state")
        return from_json(vault, owner, vault.decrypt(owner, json["ciphertext"])).with_secret(True)
    if signature == RESOURCE_SIGNATURE:
        return _reference(json)
    raise _refused(signature)


def masked(json: Mapping[str, Any]) -> Values:
    """Read a map from the state without decrypting anything: for where secrets are not shown."""
    return {key: _masked(value) for key, value in json.items()}


def _masked(json: Any) -> PropertyValue:
    if isinstance(json, dict) and json.get(SIGNATURE) == SECRET_SIGNATURE:
        return make(SECRET, secret=True)
    if isinstance(json, dict):
        return _mapping(masked(json))
    if isinstance(json, list):
        return make(tuple(_masked(item) for item in json))
    return make(float(json) if isinstance(json, int) and not isinstance(json, bool) else json)


def encode(vault: Vault, owner: str, values: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """Write a map to the state, encrypting what is secret."""
    return {key: to_json(vault, owner, values[key]) for key in sorted(values)}


def to_json(vault: Vault, owner: str, value: PropertyValue) -> Any:
    """Write one value to the state; `owner` is the resource's URN."""
    if value.is_secret:
        plain = to_json(vault, owner, make(value.value))
        return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": vault.encrypt(owner, plain)}
    inner = value.value
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if inner is None or isinstance(inner, (str, bool)):
        return inner
    if isinstance(inner, _MAPPINGS):
        return encode(vault, owner, inner)
    if isinstance(inner, ResourceReference):
        return _reference_fields(inner)
    if isinstance(inner, Computed):
        return UNKNOWN
    return [to_json(vault, owner, item) for item in _items(inner)]


def plain(value: PropertyValue, show_secrets: bool = False) -> Any:
    """Return ordinary Python data, secrets masked unless `show_secrets`."""
    if value.is_secret and not show_secrets:
        return SECRET
    inner = value.value
    if isinstance(inner, _MAPPINGS):
        return {key: plain(item, show_secrets) for key, item in inner.items()}
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if inner is None or isinstance(inner, (str, bool)):
        return inner
    if isinstance(inner, ResourceReference):
        return inner.urn
    if isinstance(inner, Computed):
        return UNKNOWN
    return [plain(item, show_secrets) for item in _items(inner)]


def plain_map(values: Mapping[str, PropertyValue], show_secrets: bool = False) -> dict[str, Any]:
    """Return ordinary Python data of a whole map."""
    return {key: plain(value, show_secrets) for key, value in values.items()}


def same(old: Mapping[str, PropertyValue], new: Mapping[str, PropertyValue]) -> bool:
    """Tell whether two maps hold the same data, whether marked secret or not."""
    return not changed_keys(old, new)


def changed_keys(old: Mapping[str, PropertyValue], new: Mapping[str, PropertyValue]) -> list[str]:
    """Return the sorted keys whose data differ."""
    keys = sorted(old.keys() | new.keys())
    return [key for key in keys if key not in old or key not in new or not _equal(old[key], new[key])]


def _equal(old: PropertyValue, new: PropertyValue) -> bool:
    return plain(old, show_secrets=True) == plain(new, show_secrets=True)  # type: ignore[no-any-return]


def has_unknowns(value: PropertyValue) -> bool:
    """Tell whether a value, or anything inside it, is not known yet."""
    inner = value.value
    if isinstance(inner, str):
        return inner == UNKNOWN
    if isinstance(inner, _MAPPINGS):
        return any(has_unknowns(item) for item in inner.values())
    if isinstance(inner, tuple | list):
        return any(has_unknowns(item) for item in _items(inner))
    return isinstance(inner, Computed)


def _mapping(values: Values) -> PropertyValue:
    return make(MappingProxyType(values))


def _items(value: Any) -> Iterable[PropertyValue]:
    if isinstance(value, (tuple, list)):
        return cast(Iterable[PropertyValue], value)
    raise UnsupportedFeature(f"the embedded engine does not support {type(value).__name__} values")


def _reference(fields: Mapping[str, str]) -> PropertyValue:
    identity = make(fields["id"]) if "id" in fields else None
    return make(ResourceReference(fields["urn"], identity, fields.get("packageVersion") or None))


def _reference_fields(reference: ResourceReference) -> dict[str, str]:
    fields = {SIGNATURE: RESOURCE_SIGNATURE, "urn": reference.urn}
    if reference.resource_id is not None:
        fields["id"] = str(reference.resource_id.value)
    if reference.package_version:
        fields["packageVersion"] = reference.package_version
    return fields


def _refused(signature: str) -> Exception:
    kind = "assets and archives" if signature in ASSET_SIGNATURES else f"values of kind {signature}"
    return UnsupportedFeature(
        f"the embedded engine does not support {kind}: deploy with the Pulumi CLI instead"
    )
