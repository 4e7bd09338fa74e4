"""Secrets as Pulumi's passphrase provider keeps them: PBKDF2-HMAC-SHA256, then AES-256-GCM."""

from __future__ import annotations

import asyncio
import base64
import functools
import hashlib
import json
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gatepost.errors import CorruptState, PassphraseMissing

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROUNDS = 1_000_000
CHECK_WORD = "pulumi"


class Vault:
    """Encrypt and decrypt a stack's secrets.

    The key takes a third of a second: `start` derives it in the background, and only the first secret waits.
    A secret whose text did not change keeps its ciphertext, so that the state does not change either.
    """

    def __init__(self, ask: Callable[[], str], salt: str | None) -> None:
        self._ask = ask
        self._salt = salt
        self._phrase: str | None = None
        self._thread: threading.Thread | None = None
        self._new_salt = b""
        self._ahead: threading.Thread | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._cipher: AESGCM | None = None
        self._error: Exception | None = None
        self._known: dict[tuple[str, str], str] = {}

    @property
    def salt(self) -> str | None:
        """The salt line of the state, or None while nothing secret was ever stored."""
        return self._salt

    @property
    def is_deriving(self) -> bool:
        """Whether the stack's first secret would wait for its key."""
        return self._salt is None and self._ahead is not None and self._ahead.is_alive()

    async def derived(self) -> None:
        """Wait for that key, while other things go on; all who wait go on in the same turn."""
        if self._ahead is not None:
            if self._waiting is None:
                self._waiting = asyncio.ensure_future(asyncio.to_thread(self._ahead.join))
            await asyncio.shield(self._waiting)

    def start(self, *, derive: bool) -> None:
        """Ask for the passphrase; with `derive`, begin deriving the key that the stack has or is to get."""
        self._phrase = self._ask()
        if not derive:
            return
        if self._salt is None:
            self._new_salt = os.urandom(8)
            work, given = _cipher, (self._phrase, self._new_salt)
            self._ahead = threading.Thread(target=work, args=given, daemon=True)
            self._ahead.start()
        elif self._thread is None:
            self._thread = threading.Thread(target=self._open, args=(self._phrase,), daemon=True)
            self._thread.start()

    def verify(self) -> None:
        """Raise `PassphraseMissing` if the passphrase does not fit, before anything is changed."""
        if self._salt is not None:
            self._ready()

    def encrypt(self, owner: str, value: Any) -> str:
        """Encrypt a plain JSON value; `owner` (a URN) limits whose ciphertexts may be used again."""
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        known = self._known.get((owner, text))
        if known is None:
            known = self._known[(owner, text)] = _seal(self._ready(), text)
        return known

    def decrypt(self, owner: str, ciphertext: str) -> Any:
        """Decrypt to a plain JSON value.

        Raises `CorruptState` if the text is damaged and `PassphraseMissing` if the passphrase is wrong.
        """
        text = self.unseal(owner, ciphertext)
        self._known[(owner, text)] = ciphertext
        return json.loads(text)

    def unseal(self, owner: str, ciphertext: str) -> str:
        """Decrypt to the text that was encrypted, as a stack's settings hold it. Raises as `decrypt` does."""
        cipher = self._ready()
        try:
            return _unseal(cipher, ciphertext)
        except Exception as error:
            raise CorruptState(f"a secret of {owner} cannot be decrypted: restore a backup of it") from error

    def _ready(self) -> AESGCM:
        if self._cipher is None and self._error is None:
            if self._salt is None:
                self._create()
            elif self._thread is None:
                self._open(self._known_phrase())
            else:
                self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._cipher is not None
        return self._cipher

    def _known_phrase(self) -> str:
        if self._phrase is None:
            self._phrase = self._ask()
        return self._phrase

    def _create(self) -> None:
        salt = self._new_salt or os.urandom(8)
        if self._ahead is not None:
            self._ahead.join()
        self._cipher = _cipher(self._known_phrase(), salt)
        self._salt = f"v1:{_encode(salt)}:{_seal(self._cipher, CHECK_WORD)}"

    def _open(self, phrase: str) -> None:
        assert self._salt is not None
        try:
            salt, check = self._salt.removeprefix("v1:").split(":", 1)
            salt_bytes = base64.b64decode(salt, validate=True)
        except ValueError:
            self._error = CorruptState(
                f"the state's salt is not of the passphrase provider: {self._salt[:20]!r}"
            )
            return
        cipher = _cipher(phrase, salt_bytes)
        try:
            matches = _unseal(cipher, check) == CHECK_WORD
        except Exception:  # noqa: BLE001 any damage to the check word means the same: this key does not fit
            matches = False
        if matches:
            self._cipher = cipher
        else:
            self._error = PassphraseMissing(
                "the passphrase does not fit the state's secrets: set PULUMI_CONFIG_PASSPHRASE to the one "
                "that the stack was made with"
            )


@functools.lru_cache(maxsize=8)
def _cipher(phrase: str, salt: bytes) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(hashlib.pbkdf2_hmac("sha256", phrase.encode(), salt, ROUNDS, 32))


def _seal(cipher: AESGCM, text: str) -> str:
    nonce = os.urandom(12)
    return f"v1:{_encode(nonce)}:{_encode(cipher.encrypt(nonce, text.encode(), None))}"


def _unseal(cipher: AESGCM, sealed: str) -> str:
    version, nonce, text = sealed.split(":")
    if version != "v1":
        raise ValueError(f"unknown version {version!r}")
    decoded = base64.b64decode(text, validate=True)
    return cipher.decrypt(base64.b64decode(nonce, validate=True), decoded, None).decode()


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
