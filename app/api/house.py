"""What every handler may need, made once by `create_app`."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.api.bell import Bell
from app.config import Settings
from app.db import Database
from app.delivery.protocol import Delivery


@dataclass
class House:
    """The parts of a running Gatehouse.

    Attributes:
        delivery: None with `--no-worker`.
        cursor_key: Signs cursors; derived from the secret key, so that it is the same on every machine.
    """

    database: Database
    settings: Settings
    delivery: Delivery | None = None
    bell: Bell = field(default_factory=Bell)
    cursor_key: bytes = b""


def derive(secret_key: bytes, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(hashes.SHA256(), 32, salt=None, info=f"gatehouse {purpose}".encode()).derive(secret_key)
