"""Settings: environment variables that begin with `GATEHOUSE_`, and `.env`."""

import base64
import binascii
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.domain.addresses import Network
from app.domain.durations import Duration
from app.errors import StartError

_KEY_BYTES = 32
_FEWEST_DISTINCT = 16
"""32 random bytes have fewer distinct values than this once in about 10^12 keys."""

_MOST_PER_SECOND = 1e6


def _key(value: object) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    try:
        raw = base64.b64decode(str(value), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES or len(set(raw)) < _FEWEST_DISTINCT:
        raise ValueError("must be 32 random bytes in URL-safe base64, 44 characters: see README, Settings")
    return raw


def _off_or_number(value: object) -> float | None:
    if value is None or str(value).strip().lower() in {"off", "0"}:
        return None
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 < number < _MOST_PER_SECOND:
        raise ValueError("must be `off` or a number a second, such as 50")
    return number


def _networks(value: object) -> tuple[Network, ...]:
    if isinstance(value, tuple):
        return value
    try:
        return tuple(ip_network(part.strip()) for part in str(value).split(",") if part.strip())
    except ValueError:
        text = "must be networks with commas between them, such as 10.20.0.0/16,fd12:3456::/32"
        raise ValueError(text) from None


Key = Annotated[bytes | None, NoDecode, BeforeValidator(_key)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
PerSecond = Annotated[float | None, NoDecode, BeforeValidator(_off_or_number)]


class Settings(BaseSettings):
    """Everything that can be set. AWS settings are boto3's own (`AWS_ENDPOINT_URL`, `AWS_PROFILE`, …)."""

    model_config = SettingsConfigDict(
        env_prefix="GATEHOUSE_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    database_url: str = Field(default="sqlite:///gatehouse.db", repr=False)
    migrate_url: str | None = Field(default=None, repr=False)
    secret_key: Key = Field(default=None, repr=False)
    audit_key: Key = Field(default=None, repr=False)
    catalog: Path | None = None
    anchors: Path | None = None
    spill: Path | None = None
    worker_concurrency: int = Field(default=4, ge=1, le=32)
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    lease: Duration = timedelta(seconds=30)
    aws_timeout: Duration = timedelta(seconds=10)
    aws_pace: PerSecond | Literal["auto"] = "auto"
    rate_limit: PerSecond = 50.0
    require_mfa: bool = True
    docs: bool = True
    longest_policy: Duration = timedelta(days=30)
    lapse_after: Duration = timedelta(days=7)
    key_overlap: Duration = timedelta(hours=24)
    key_idle: Duration = timedelta(days=7)
    trail_delay: Duration = timedelta(minutes=15)
    webhooks_allow_private: Networks = ()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    simulate: bool = False

    def keys(self) -> tuple[bytes, bytes]:
        """The secret key and the audit key.

        Raises:
            StartError: One is missing.
        """
        for name, value in (("SECRET_KEY", self.secret_key), ("AUDIT_KEY", self.audit_key)):
            if value is None:
                raise StartError(f"GATEHOUSE_{name} is missing; make one with: {MAKE_KEY}")
        if self.secret_key == self.audit_key:
            raise StartError("GATEHOUSE_SECRET_KEY and GATEHOUSE_AUDIT_KEY must differ")
        return self.secret_key or b"", self.audit_key or b""


MAKE_KEY = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"


def load() -> Settings:
    """Read the settings.

    Raises:
        StartError: One of them is bad; the line names it, and never its value.
    """
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        name = f"GATEHOUSE_{str(first['loc'][0]).upper()}" if first["loc"] else "a setting"
        why = first["msg"].removeprefix("Value error, ")
        raise StartError(f"{name} is not usable: {why}") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise StartError(f".env cannot be read: {type(problem).__name__}") from None
