"""JSON web tokens: whose they are, and which are worth nothing."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt

from gatepost.errors import UsageError
from gatepost.session import Identity

SECRET, JWKS = "GATEPOST_JWT_SECRET", "GATEPOST_JWT_JWKS"
AUDIENCE, ISSUER = "GATEPOST_JWT_AUDIENCE", "GATEPOST_JWT_ISSUER"
LONGEST = 8_192
"""Characters of a token."""
_SHORTEST_SECRET = 32
_BY_KEY_TYPE = {
    "RSA": frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}),
    "EC": frozenset({"ES256", "ES384", "ES512"}),
    "OKP": frozenset({"EdDSA"}),
}
_NO_JSONB = re.compile(r"\\u0000|\\ud[89a-f]", re.IGNORECASE)


class InvalidToken(ValueError):
    """The token is not to be trusted; the message says why, and is for the log."""


@dataclass(frozen=True)
class Key:
    """A key that verifies signatures, and the algorithms that it is for."""

    key: Any = field(repr=False)
    algorithms: frozenset[str]


@dataclass(frozen=True)
class Verifier:
    """Tells whose a token is.

    An algorithm is accepted only with a key of its kind, so that a public key never verifies an HS256 token.
    """

    secret: str | None = field(default=None, repr=False)
    keys: Mapping[str | None, Key] = field(default_factory=dict)
    """Public keys by their ids."""
    audience: str | None = None
    issuer: str | None = None
    leeway: float = 5.0
    """Seconds that clocks may differ."""

    def __post_init__(self) -> None:
        if self.secret is None and not self.keys:
            raise UsageError(f"nothing verifies tokens: set {SECRET}, or {JWKS} to a file of public keys")
        if self.secret is not None and len(self.secret.encode()) < _SHORTEST_SECRET:
            raise UsageError(f"{SECRET} has {len(self.secret.encode())} bytes: give at least 32 random ones")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Verifier:
        """Return what GATEPOST_JWT_SECRET, _JWKS, _AUDIENCE and _ISSUER say.

        :raises UsageError: neither a secret nor keys, or the file of keys is not right.
        """
        file = environment.get(JWKS)
        return cls(
            environment.get(SECRET) or None,
            read_keys(Path(file)) if file else {},
            environment.get(AUDIENCE) or None,
            environment.get(ISSUER) or None,
        )

    def identity(self, token: str) -> Identity:
        """Return whose the token is.

        :raises InvalidToken: it is forged, expired, not for us, or its claims are not what policies need.
        """
        if len(token) > LONGEST:
            raise InvalidToken(f"the token has {len(token)} characters, more than {LONGEST}")
        try:
            key = self._key(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key.key,
                algorithms=sorted(key.algorithms),
                audience=self.audience,
                issuer=self.issuer,
                leeway=self.leeway,
                options={
                    "require": self._required(),
                    "verify_aud": self.audience is not None,
                    "verify_iss": self.issuer is not None,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise InvalidToken(f"{type(error).__name__}: {error}") from None
        return _identity(claims)

    def _required(self) -> list[str]:
        configured = {"aud": self.audience, "iss": self.issuer}
        return ["exp", *(claim for claim, value in configured.items() if value)]

    def _key(self, header: Mapping[str, Any]) -> Key:
        algorithm = header.get("alg")
        if "crit" in header:
            raise InvalidToken("the header demands extensions (crit): there are none")
        if algorithm == "HS256" and self.secret is not None:
            return Key(self.secret, frozenset({"HS256"}))
        found = self.keys.get(header.get("kid")) or (
            next(iter(self.keys.values())) if len(self.keys) == 1 and "kid" not in header else None
        )
        if found is None or algorithm not in found.algorithms:
            raise InvalidToken(f"no key for algorithm {algorithm!r} and the token's key id")
        return Key(found.key, frozenset({str(algorithm)}))


def read_keys(file: Path) -> dict[str | None, Key]:
    """Return the public keys of a JWKS file.

    :raises UsageError: it cannot be read, holds a symmetric key, or two keys have one id.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        keys = [(one.get("kid"), _public(one)) for one in document["keys"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise UsageError(f"{JWKS} names {file}, which is no JSON web key set: {error}") from None
    if not keys or len({kid for kid, _ in keys}) != len(keys):
        raise UsageError(f"{file}: expected keys, each with a `kid` of its own, got {len(keys)}")
    return dict(keys)


def _public(described: Mapping[str, Any]) -> Key:
    kind = described.get("kty")
    if kind not in _BY_KEY_TYPE:
        raise UsageError(f"key type {kind!r}: expected {', '.join(_BY_KEY_TYPE)}; a secret goes to {SECRET}")
    if "d" in described:
        raise UsageError("the file holds a private key: only public ones belong here")
    key = jwt.PyJWK.from_dict(dict(described))
    named = described.get("alg")
    algorithms = {str(named)} if named else {key.algorithm_name}
    if not algorithms <= _BY_KEY_TYPE[kind]:
        raise UsageError(f"algorithm {named!r} is not for a key of type {kind}")
    return Key(key.key, frozenset(algorithms))


def _identity(claims: Mapping[str, Any]) -> Identity:
    role = claims.get("role")
    if role == "service_role":
        return Identity.service()
    if role == "anon":
        return Identity.anonymous()
    if role != "authenticated":
        raise InvalidToken("the claim `role` is none of anon, authenticated, service_role")
    if claims.get("is_anonymous") is True and "sub" not in claims:
        return _guest(claims)
    for name in ("sub", *(["organization_id"] if "organization_id" in claims else [])):
        if not _is_uuid(claims.get(name)):
            raise InvalidToken(f"the claim `{name}` is no UUID")
    if _NO_JSONB.search(json.dumps(claims)):
        raise InvalidToken("a claim has characters that PostgreSQL cannot store")
    further = {name: value for name, value in claims.items() if name not in ("sub", "role")}
    return Identity.user(claims["sub"], **further)


def _guest(claims: Mapping[str, Any]) -> Identity:
    """Return the guest that the token names: somebody without an account, known by `client_id` alone."""
    name = claims.get("client_id")
    if not isinstance(name, str) or _NO_JSONB.search(json.dumps(name)):
        raise InvalidToken("the claim `client_id` of an anonymous token is no text")
    try:
        return Identity.guest(name)
    except UsageError as error:
        raise InvalidToken(str(error)) from None


def _is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False


def mint(secret: str, identity: Identity, *, seconds: int, audience: str | None, issuer: str | None) -> str:
    """Return a token of `identity` that is valid for `seconds`, signed with HS256."""
    now = int(time.time())
    claims = {**identity.claims, "iat": now, "exp": now + seconds}
    optional = {"aud": audience, "iss": issuer}
    claims |= {name: value for name, value in optional.items() if value}
    return jwt.encode(claims, secret, algorithm="HS256")
