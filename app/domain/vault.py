"""Secrets that wait for collection, encrypted: AES-256-GCM, bound to the row that they are kept in."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.keys import derive
from app.errors import Unavailable

_NONCE = 12
"""Bytes; random, drawn anew each time (NIST SP 800-38D, 8.2.2: safe far beyond the number of secrets kept here)."""


class Vault:
    """Encrypts and decrypts.

    Args:
        secret_key: `GATEHOUSE_SECRET_KEY`; a key for this purpose alone is derived from it.
    """

    def __init__(self, secret_key: bytes) -> None:
        self._cipher = AESGCM(derive(secret_key, "secrets waiting for collection"))

    def seal(self, secret_id: str, text: str) -> bytes:
        """What is stored.

        Args:
            secret_id: Of the row; what is sealed for one row cannot be opened as another's.
        """
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), secret_id.encode())

    def open(self, secret_id: str, sealed: bytes) -> str:
        """The secret.

        Raises:
            Unavailable: It was sealed with another key, or is not as it was written.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], secret_id.encode()).decode()
        except (InvalidTag, ValueError):
            text = "This cannot be decrypted: GATEHOUSE_SECRET_KEY is not the one it was encrypted with."
        raise Unavailable(f"{text} Put the old key back, or ask for a new one.", code="secret_unreadable")
