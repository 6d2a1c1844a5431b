"""Tokens and codes: how they look, and what of them is kept.

A token is a prefix, 43 base-62 characters (256 bits) and a 6-character checksum, so that a typo or a
scanner finds a false one without asking the database. Only the SHA-256 is stored: with that much
entropy a slow hash would add nothing.
"""

import hashlib
import secrets
import string
import zlib

_ALPHABET = string.digits + string.ascii_letters
_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
PERSON_PREFIX = "gh_pat_"
SERVICE_PREFIX = "gh_svc_"
_BODY, _CHECK = 43, 6


def new_token(*, service: bool) -> str:
    """A fresh token for a person or a service."""
    head = (SERVICE_PREFIX if service else PERSON_PREFIX) + "".join(secrets.choice(_ALPHABET) for _ in range(_BODY))
    return head + _checksum(head)


def looks_like_token(text: str) -> bool:
    """Say whether prefix, length and checksum are right."""
    if len(text) != len(PERSON_PREFIX) + _BODY + _CHECK or not text.isascii():
        return False
    head = text[:-_CHECK]
    return head.startswith((PERSON_PREFIX, SERVICE_PREFIX)) and text[-_CHECK:] == _checksum(head)


def new_code() -> str:
    """A one-time code for people to type: 20 characters in fours, 98 bits."""
    text = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(20))
    return "-".join(text[i : i + 4] for i in range(0, 20, 4))


def new_short_code() -> str:
    """A code of eight characters (39 bits), for what lasts minutes and few tries."""
    text = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(8))
    return f"{text[:4]}-{text[4:]}"


def normalise_code(text: str) -> str:
    """Undo what people do to codes: case, spaces, hyphens."""
    return "".join(c for c in text.upper() if c.isalnum())


def fingerprint(secret: str) -> str:
    """What is stored: SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def code_fingerprint(code: str) -> str:
    """The fingerprint of a code, however it was typed."""
    return fingerprint(normalise_code(code))


def _checksum(head: str) -> str:
    number = zlib.crc32(head.encode())
    digits = ""
    for _ in range(_CHECK):
        number, digit = divmod(number, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
