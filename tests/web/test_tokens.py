"""Which tokens are worth something: every other one is refused, whatever is wrong with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fix_web import SECRET, token_of
from people import ACME, ADA

from gatepost.errors import UsageError
from gatepost.session import Identity
from gatepost.web.tokens import InvalidToken, Verifier, mint, read_keys

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
CLAIMS = {"sub": ADA, "role": "authenticated", "exp": 4_000_000_000}


def jwks(tmp_path: Path, **keys: Any) -> Path:
    listed = []
    for kid, key in keys.items():
        kind = (
            jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
        )
        listed.append({**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid})
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": listed}))
    return file


def hand_made(header: dict[str, Any], claims: dict[str, Any], key: bytes = b"") -> str:
    """A token that no library would make."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    signed = f"{part(json.dumps(header).encode())}.{part(json.dumps(claims).encode())}"
    signature = hmac.digest(key, signed.encode(), hashlib.sha256) if key else b""
    return f"{signed}.{part(signature)}"


def test_a_valid_token_is_its_users() -> None:
    identity = Verifier(SECRET).identity(token_of(ADA, organization_id=ACME, email="ada@acme.test"))
    assert identity.role == "authenticated"
    assert str(identity.user_id) == ADA
    assert identity.claims["organization_id"] == ACME


@pytest.mark.parametrize(
    ("role", "identity"), [("service_role", Identity.service()), ("anon", Identity.anonymous())]
)
def test_services_and_nobody_have_no_user(role: str, identity: Identity) -> None:
    assert Verifier(SECRET).identity(token_of(ADA, role=role)) == identity


NOW = int(time.time())


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(token_of(ADA, exp=NOW - 60), id="expired"),
        pytest.param(token_of(ADA, exp=None), id="never expires"),
        pytest.param(token_of(ADA, exp="soon"), id="expires at no time"),
        pytest.param(token_of(ADA, nbf=NOW + 86_400), id="not yet"),
        pytest.param(token_of(ADA, iat=NOW + 86_400), id="from the future"),
        pytest.param(token_of(None), id="nobody's"),
        pytest.param(token_of("ada"), id="no uuid"),
        pytest.param(token_of(ADA, role=None), id="no role"),
        pytest.param(token_of(ADA, role="postgres"), id="another role"),
        pytest.param(token_of(ADA, role=["service_role"]), id="a list of roles"),
        pytest.param(token_of(ADA, role="SERVICE_ROLE"), id="a role in capitals"),
        pytest.param(token_of(ADA, organization_id="x"), id="an organization that is none"),
        pytest.param(token_of(ADA, name="a\0b"), id="characters that are no text"),
        pytest.param(token_of(ADA, name="\ud800"), id="half a character"),
        pytest.param(token_of(ADA, padding="x" * 9000), id="too long"),
        pytest.param(jwt.encode(CLAIMS, SECRET + "!", "HS256"), id="forged"),
        pytest.param(jwt.encode(CLAIMS, SECRET, "HS512"), id="another algorithm"),
        pytest.param(jwt.encode(CLAIMS, None, "none"), id="none"),
        pytest.param(hand_made({"alg": "None"}, CLAIMS), id="None"),
        pytest.param(hand_made({"alg": "nOnE", "typ": "JWT"}, CLAIMS), id="nOnE"),
        pytest.param(
            hand_made({"alg": "HS256", "crit": ["b64"], "b64": False}, CLAIMS, SECRET.encode()), id="crit"
        ),
        pytest.param(hand_made({"typ": "JWT"}, CLAIMS, SECRET.encode()), id="no algorithm"),
        pytest.param(hand_made({"alg": ["HS256"]}, CLAIMS, SECRET.encode()), id="a list of algorithms"),
        pytest.param(token_of(ADA)[:-2] + "AA", id="another signature"),
        pytest.param(token_of(ADA).rpartition(".")[0] + ".", id="no signature"),
        pytest.param(token_of(ADA).rpartition(".")[0], id="two parts"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="no base64"),
        pytest.param("\u00e4.\u00f6.\u00fc", id="no ascii"),
        pytest.param(base64.urlsafe_b64encode(b"[" * 5000).decode() + ".e30.x", id="nested"),
    ],
)
def test_worthless(token: str) -> None:
    with pytest.raises(InvalidToken):
        Verifier(SECRET).identity(token)


def test_a_clock_that_is_two_seconds_off_is_forgiven() -> None:
    assert Verifier(SECRET).identity(token_of(ADA, exp=int(time.time()) - 2))


@pytest.mark.parametrize(
    ("verifier", "claims", "is_accepted"),
    [
        (Verifier(SECRET), {"aud": "authenticated", "iss": "anybody"}, True),
        (Verifier(SECRET, audience="api"), {"aud": "api"}, True),
        (Verifier(SECRET, audience="api"), {"aud": ["other", "api"]}, True),
        (Verifier(SECRET, audience="api"), {"aud": "other"}, False),
        (Verifier(SECRET, audience="api"), {}, False),
        (Verifier(SECRET, issuer="https://id.test"), {"iss": "https://id.test"}, True),
        (Verifier(SECRET, issuer="https://id.test"), {"iss": "https://id.test.evil"}, False),
        (Verifier(SECRET, issuer="https://id.test"), {}, False),
    ],
)
def test_audience_and_issuer_count_where_they_are_configured(
    verifier: Verifier, claims: dict[str, Any], is_accepted: bool
) -> None:
    token = token_of(ADA, **claims)
    if is_accepted:
        assert str(verifier.identity(token).user_id) == ADA
    else:
        with pytest.raises(InvalidToken):
            verifier.identity(token)


def test_public_keys_by_their_ids(tmp_path: Path) -> None:
    verifier = Verifier(keys=read_keys(jwks(tmp_path, one=RSA, two=EC)))
    for key, algorithm, kid in ((RSA, "RS256", "one"), (EC, "ES256", "two")):
        assert verifier.identity(jwt.encode(CLAIMS, key, algorithm, {"kid": kid})).role == "authenticated"


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [
        (OTHER_RSA, "RS256", "one"),
        (RSA, "RS256", "two"),
        (RSA, "RS256", "three"),
        (RSA, "RS256", None),
        (RSA, "PS512", "one"),
    ],
)
def test_the_wrong_key(tmp_path: Path, key: Any, algorithm: str, kid: str | None) -> None:
    verifier = Verifier(keys=read_keys(jwks(tmp_path, one=RSA, two=EC)))
    with pytest.raises(InvalidToken):
        verifier.identity(jwt.encode(CLAIMS, key, algorithm, {"kid": kid} if kid else {}))


@pytest.mark.parametrize("secret", [None, SECRET])
@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_a_public_key_is_no_secret(tmp_path: Path, secret: str | None, encoding: Any) -> None:
    """Who has only the public key signs with it as if it were the secret of HS256."""
    verifier = Verifier(secret, keys=read_keys(jwks(tmp_path, one=RSA)))
    public = RSA.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    for header in ({"alg": "HS256", "kid": "one"}, {"alg": "HS256"}):
        with pytest.raises(InvalidToken):
            verifier.identity(hand_made(header, CLAIMS, public))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("no json", "no JSON web key set"),
        ('{"keys": []}', "expected keys"),
        ('{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}]}', "a secret goes to GATEPOST_JWT_SECRET"),
        ('{"keys": [{"kty": "RSA", "n": "!", "e": "AQAB", "kid": "a"}]}', "no JSON web key set"),
        ('{"keys": 7}', "no JSON web key set"),
    ],
)
def test_files_of_keys_that_are_not_right(tmp_path: Path, document: str, words: str) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(document)
    with pytest.raises(UsageError, match=words):
        read_keys(file)


def test_a_private_key_does_not_belong_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(
        json.dumps({"keys": [{**jwt.algorithms.RSAAlgorithm.to_jwk(RSA, as_dict=True), "kid": "a"}]})
    )
    with pytest.raises(UsageError, match="private key"):
        read_keys(file)


def test_two_keys_with_one_id(tmp_path: Path) -> None:
    file = jwks(tmp_path, one=RSA, two=EC)
    file.write_text(file.read_text().replace('"two"', '"one"'))
    with pytest.raises(UsageError, match="of its own"):
        read_keys(file)


def test_settings_come_from_the_environment(tmp_path: Path) -> None:
    file = jwks(tmp_path, one=RSA)
    verifier = Verifier.from_environment(
        {
            "GATEPOST_JWT_JWKS": str(file),
            "GATEPOST_JWT_AUDIENCE": "api",
            "GATEPOST_JWT_ISSUER": "https://id.test",
        }
    )
    token = jwt.encode({**CLAIMS, "aud": "api", "iss": "https://id.test"}, RSA, "RS256", {"kid": "one"})
    assert str(verifier.identity(token).user_id) == ADA


@pytest.mark.parametrize("environment", [{}, {"GATEPOST_JWT_SECRET": ""}])
def test_without_a_key_nothing_starts(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="nothing verifies tokens"):
        Verifier.from_environment(environment)


def test_a_short_secret_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError, match="32 random") as caught:
        Verifier("hunter2")
    assert "hunter2" not in str(caught.value)
    assert SECRET not in repr(Verifier(SECRET))


def test_a_minted_token_is_valid() -> None:
    token = mint(SECRET, Identity.user(ADA), seconds=60, audience="api", issuer="local")
    assert str(Verifier(SECRET, audience="api", issuer="local").identity(token).user_id) == ADA
    with pytest.raises(InvalidToken):
        Verifier(SECRET).identity(mint(SECRET, Identity.user(ADA), seconds=-60, audience=None, issuer=None))
