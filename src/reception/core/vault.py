"""Secrets at rest: AES-256-GCM, under keys that only the environment knows."""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reception.core.errors import InvalidInput, Unavailable

KEY_BYTES = 32
_NONCE_BYTES = 12
HOW_TO_MAKE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


@dataclass(frozen=True, slots=True)
class Sealed:
    """`key_id` tells under which key; `data` is the nonce and what AES-GCM made of the secret."""

    key_id: str
    data: bytes


class Vault:
    """Seals under the first key and opens under any of them, so that keys can be changed one after another."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._ciphers = {_id_of(key): AESGCM(key) for key in keys}
        self.key_id = _id_of(keys[0])
        """That of the key under which is sealed now."""

    @classmethod
    def parse(cls, text: str) -> "Vault":
        """The vault of keys as written in a setting: base64url of 32 bytes each, the newest first, commas between.

        Raises:
            InvalidInput: one is not such a key; says how to make one, and nothing of what was given.
        """
        keys = []
        for part in text.split(","):
            try:
                key = base64.urlsafe_b64decode(part.strip() + "=" * (-len(part.strip()) % 4))
            except (binascii.Error, ValueError):
                key = b""
            if len(key) != KEY_BYTES:
                raise InvalidInput(f"An encryption key is {KEY_BYTES} random bytes in base64url: {HOW_TO_MAKE}")
            keys.append(key)
        return cls(tuple(keys))

    def holds(self, key_id: str) -> bool:
        """Whether what was sealed under the key of this id can be opened."""
        return key_id in self._ciphers

    def seal(self, secret: str, purpose: str) -> Sealed:
        """`secret`, to be opened for the same `purpose` only."""
        nonce = os.urandom(_NONCE_BYTES)
        return Sealed(self.key_id, nonce + self._ciphers[self.key_id].encrypt(nonce, secret.encode(), purpose.encode()))

    def open(self, sealed: Sealed, purpose: str) -> str:
        """Raises `Unavailable` when it was sealed under a key that is not here, for another purpose, or was changed."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise Unavailable("A secret is sealed under a key that RECEPTION_ENCRYPTION_KEY does not hold any more.")
        try:
            nonce, data = sealed.data[:_NONCE_BYTES], sealed.data[_NONCE_BYTES:]
            return cipher.decrypt(nonce, data, purpose.encode()).decode()
        except InvalidTag:
            raise Unavailable("A secret in the database has been changed, and cannot be opened.") from None


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"reception key id" + key).hexdigest()[:16]
