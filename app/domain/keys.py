"""Keys for one purpose each, derived from the two that are set."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"gatehouse {purpose}".encode()).derive(key)
