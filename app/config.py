"""Settings: environment variables that begin with `GATEHOUSE_`, and `.env`."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.domain.addresses import Network
from app.domain.durations import Duration
from app.domain.mail_address import MailServer, is_writable, parse
from app.errors import StartError

_KEY_BYTES = 32
_FEWEST_DISTINCT = 16
"""32 random bytes have fewer distinct values than this once in about 10^12 keys."""

_MOST_PER_SECOND = 1e6
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


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


def _slack_url(value: object) -> str:
    try:
        parts = urlsplit(str(value))
        local = parts.hostname in LOOPBACK
        good = bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local))
        good = good and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        good = False
    if not good:
        raise ValueError("must be an https address such as https://slack.com/api/")
    return str(value).rstrip("/") + "/"


def _public_url(value: object) -> str | None:
    text = str(value or "").strip()
    if not text:
        return None
    if not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+(/[\w./~-]*)?", text, re.ASCII):
        raise ValueError("must be where people open Gatehouse, such as https://gatehouse.example.org")
    return text.rstrip("/")


Key = Annotated[bytes | None, NoDecode, BeforeValidator(_key)]
SlackId = Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{0,64}$")]
PublicUrl = Annotated[str | None, BeforeValidator(_public_url)]


def _networks(value: object) -> tuple[Network, ...]:
    if isinstance(value, tuple):
        return value
    try:
        return tuple(ip_network(part.strip()) for part in str(value).split(",") if part.strip())
    except ValueError:
        text = "must be networks with commas between them, such as 10.20.0.0/16,fd12:3456::/32"
        raise ValueError(text) from None


Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
PerSecond = Annotated[float | None, NoDecode, BeforeValidator(_off_or_number)]


@dataclass(frozen=True)
class Slack:
    """The settings of Slack, where there are any.

    Attributes:
        bot_token: Of the app in the workspace; what it is called with.
        team_id: The workspace; nobody else's is listened to.
        app_id: The app, likewise.
        api_url: Slack's Web API, with a slash at its end.
        channel: Where everybody is told what is not for one person alone.
        signing_secret: For `/v1/slack/events`.
        app_token: For Socket Mode.
    """

    bot_token: SecretStr
    team_id: str
    app_id: str
    api_url: str
    channel: str | None = None
    signing_secret: SecretStr | None = None
    app_token: SecretStr | None = None


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
    slack_bot_token: SecretStr | None = Field(default=None, repr=False)
    slack_signing_secret: SecretStr | None = Field(default=None, repr=False)
    slack_app_token: SecretStr | None = Field(default=None, repr=False)
    slack_team_id: SlackId = None
    slack_app_id: SlackId = None
    slack_channel: SlackId = None
    slack_api_url: Annotated[str, BeforeValidator(_slack_url)] = "https://slack.com/api/"
    public_url: PublicUrl = None
    mail_url: SecretStr | None = Field(default=None, repr=False)
    mail_from: str | None = Field(default=None, max_length=254)
    mail_plain: bool = False
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

    def slack(self) -> Slack | None:
        """The settings of Slack; None where there are none.

        Raises:
            StartError: Only some of them are there, or a token is of another kind.
        """
        names = ("bot_token", "signing_secret", "app_token", "team_id", "app_id", "channel")
        given = {name for name in names if getattr(self, f"slack_{name}")}
        if not given:
            return None
        missing = [name for name in ("bot_token", "team_id", "app_id") if name not in given]
        if not missing and given.isdisjoint({"signing_secret", "app_token"}):
            missing = ["app_token"]
        if missing:
            first = f"GATEHOUSE_SLACK_{missing[0].upper()}"
            raise StartError(f"{first} is missing, and other settings of Slack are there: see README, Slack")
        for name, prefix in (("bot_token", "xoxb-"), ("app_token", "xapp-")):
            token = getattr(self, f"slack_{name}")
            if token and not token.get_secret_value().startswith(prefix):
                raise StartError(f"GATEHOUSE_SLACK_{name.upper()} is not usable: it begins with {prefix}")
        found: dict[str, Any] = {name: getattr(self, f"slack_{name}") or None for name in names}
        return Slack(api_url=self.slack_api_url, **found)

    def mail(self) -> tuple[MailServer, str] | None:
        """Who takes our mail, and the address that it is from; None where there is no mail.

        Raises:
            StartError: One of the two is missing or not usable.
        """
        url, sender = self.mail_url.get_secret_value() if self.mail_url else "", self.mail_from or ""
        if not url and not sender:
            return None
        try:
            if not is_writable(sender):
                raise StartError("GATEHOUSE_MAIL_FROM must be one address, such as gatehouse@example.org")
            return parse(url, plain=self.mail_plain), sender
        except ValueError as problem:
            raise StartError(f"GATEHOUSE_MAIL_URL {problem}") from None


MAKE_KEY = "python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"


def load() -> Settings:
    """Read the settings.

    Raises:
        StartError: One of them is bad; the line names it, and never its value.
    """
    try:
        settings = Settings()
        settings.slack()
        settings.mail()
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        name = f"GATEHOUSE_{str(first['loc'][0]).upper()}" if first["loc"] else "a setting"
        why = first["msg"].removeprefix("Value error, ")
        raise StartError(f"{name} is not usable: {why}") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise StartError(f".env cannot be read: {type(problem).__name__}") from None
    else:
        return settings
