"""Which Gatehouse the terminal talks to, and with whose token: the environment, `.env`, or what `login` stored.

What is stored is one file, `$XDG_CONFIG_HOME/gatehouse/config.json`, that nobody else can read. A token goes nowhere
but to the address it came with: one that was stored is not sent to another address, and an address from `.env`,
which may be anybody's folder, is not used with a token from elsewhere.
"""

import ipaddress
import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from app.errors import StartError

URL, TOKEN, INSECURE = "GATEHOUSE_URL", "GATEHOUSE_TOKEN", "GATEHOUSE_INSECURE"
_LONGEST = 64 * 1024
"""Bytes of the stored file."""
_NO_ADDRESS = f"{URL} is no address; write http://host:port or https://host"
_IN_THE_OPEN = (
    f"{URL} is plain http to another machine: everybody on the way could read your token. "
    f"Use https, or say that it is meant: gatehouse login --insecure, or {INSECURE}=true"
)


@dataclass(frozen=True)
class Door:
    """An address and a token for it.

    Attributes:
        insecure: Plain http to another machine is wanted.
    """

    url: str
    token: str = field(repr=False)
    insecure: bool = False


def door() -> Door:
    """What to use.

    Raises:
        StartError: Something is missing, does not belong together, or cannot be used.
    """
    surrounding, file = _environment(), _dotenv()
    if surrounding.get(URL) is None and file.get(URL) and (surrounding.get(TOKEN) or not file.get(TOKEN)):
        raise StartError(f"{URL} stands in .env alone; set it where {TOKEN} is, or both in .env")
    said = {**file, **surrounding}
    url, token, insecure = said.get(URL), said.get(TOKEN), _yes(said.get(INSECURE))
    if url is None or token is None:
        kept = stored()
        if kept is not None and url in {None, kept.url}:
            url, token, insecure = kept.url, kept.token if token is None else token, insecure or kept.insecure
    for name, value in ((URL, url), (TOKEN, token)):
        if not value:
            raise StartError(f"{name} is missing; run gatehouse login URL, or set {URL} and {TOKEN}")
    return checked(Door(url or "", token or "", insecure))


def server_is_named() -> bool:
    """Whether the environment or `.env` names a running server, whatever `login` stored."""
    return bool({**_dotenv(), **_environment()}.get(URL))


def checked(found: Door) -> Door:
    """The same, fit to be used.

    Raises:
        StartError: It is no address, or no token, or the token would cross a network in the open.
    """
    address(found.url, insecure=found.insecure)
    if not (found.token.isascii() and found.token.isprintable() and " " not in found.token):
        raise StartError(f"{TOKEN} is no token: it holds characters that none has")
    return found


def address(url: str, *, insecure: bool) -> str:
    """An address that a token may be sent to.

    Raises:
        StartError: It is none.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise StartError(_NO_ADDRESS) from None
    if not host or parts.scheme not in {"http", "https"} or parts.username is not None or parts.query or parts.fragment:
        raise StartError(_NO_ADDRESS)
    if parts.scheme == "http" and not insecure and not _on_this_machine(host):
        raise StartError(_IN_THE_OPEN)
    return url.rstrip("/")


def _on_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def path() -> Path:
    """Where it is stored, after the XDG Base Directory Specification: a relative XDG_CONFIG_HOME does not count."""
    base = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".config") / "gatehouse" / "config.json"


def stored() -> Door | None:
    """What `login` stored, if anything.

    Raises:
        StartError: Others could read or change it, or it is not what was stored.
    """
    said = _stored()
    return None if said is None else Door(said["url"], said["token"], bool(said.get("insecure")))


def _stored() -> dict[str, Any] | None:
    try:
        with path().open("rb") as file:
            mode = os.fstat(file.fileno())
            text = file.read(_LONGEST)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise StartError(f"{path()} cannot be read: {problem.strerror}") from None
    if mode.st_uid != os.geteuid() or stat.S_IMODE(mode.st_mode) & 0o077:
        raise StartError(f"Others can read the token in {path()}: run chmod 600 on it, or gatehouse login anew")
    try:
        said = json.loads(text)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not all(isinstance(said.get(name), str) for name in ("url", "token")):
        raise StartError(f"{path()} is not as gatehouse login writes it; remove it and log in anew")
    return said


def store(found: Door) -> Path:
    """Keep it for the next command: whole or not at all, and nobody else's to read. Answers where."""
    place = prepare()
    text = json.dumps({"url": found.url, "token": found.token, "insecure": found.insecure}, indent=2) + "\n"
    beside = place.with_name(f".config.{secrets.token_hex(8)}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 - the mode
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except OSError as problem:
        beside.unlink(missing_ok=True)
        raise StartError(f"{place} cannot be written: {problem.strerror}") from None
    return place


def prepare() -> Path:
    """The folder for it, made where it is missing. Before a code is used up is the time to learn that this fails.

    Raises:
        StartError: It cannot be made or written to.
    """
    place = path()
    try:
        place.parent.parent.mkdir(parents=True, exist_ok=True)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        if place.parent.stat().st_uid != os.geteuid() or not os.access(place.parent, os.W_OK | os.X_OK):
            raise StartError(f"{place.parent} is not yours to write to")
    except OSError as problem:
        raise StartError(f"{place.parent} cannot be made: {problem.strerror}") from None
    return place


def forget() -> None:
    """Remove what was stored."""
    path().unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in (URL, TOKEN, INSECURE) if name in os.environ}


def _dotenv() -> dict[str, str]:
    try:
        found = dotenv_values(".env")
    except (OSError, UnicodeDecodeError) as problem:
        raise StartError(f".env cannot be read: {type(problem).__name__}") from None
    return {name: value for name in (URL, TOKEN, INSECURE) if (value := found.get(name))}


def _yes(text: str | None) -> bool:
    return (text or "").strip().lower() in {"1", "true", "yes", "on"}
