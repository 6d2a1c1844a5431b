"""An IAM that is answered in this process, at no cost or at a fixed one for each call."""

import json
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, Self

from app.clients import aws
from app.clients.iam import Iam
from app.domain.belongings import Belongings
from app.domain.devices import Device
from app.domain.inline import InlinePolicy
from app.domain.monitoring import SeenMonitoring
from app.domain.password_policy import PasswordPolicy
from app.domain.plans import Operation
from app.domain.sightings import SeenGroup, SeenPolicy, SeenUser

ACCOUNT = "123456789012"
ATTACHED = "arn:aws:iam::aws:policy/X"


class FreeIam:
    """Every user and every group is there; memberships are kept.

    Args:
        delay: Seconds that one call over HTTP would take. A verb of the port sleeps as often as
            `app.clients.iam.BotoIam` would call, its documents of AWS's own policies being known.
        groups: Who is in which group at the start.
        log: Gets a line for each membership that is taken away: when (seconds of the wall clock), and how many
            calls of that kind were under way.
    """

    def __init__(
        self, delay: float = 0.0, groups: Mapping[str, Iterable[str]] | None = None, log: Path | None = None
    ) -> None:
        self.emulated = True
        self._delay = delay
        self._groups: dict[str, set[str]] = {name: set(users) for name, users in (groups or {}).items()}
        self._log = log.open("a", buffering=1) if log else None
        self._lock = threading.Lock()
        self._under_way = 0

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """As described by a file that `describe` wrote."""
        found = json.loads(path.read_text())
        return cls(found["delay"], found["groups"], Path(found["log"]) if found["log"] else None)

    def account(self) -> tuple[str, str]:
        self._calls(1)
        return ACCOUNT, "aws"

    def user(self, name: str, *, mfa: bool = False, belongings: bool = False) -> SeenUser | None:
        self._calls(2 + mfa + 8 * belongings)
        with self._lock:
            groups = tuple(sorted(g for g, users in self._groups.items() if name in users))
        return SeenUser(name, f"arn:aws:iam::{ACCOUNT}:user/lab/{name}", groups, boundary="arn:b", has_mfa=True)

    def group(self, name: str) -> SeenGroup | None:
        self._calls(3)
        return SeenGroup(name, (SeenPolicy(ATTACHED, "sha256:" + "0" * 64),))

    def members(self, group: str) -> frozenset[str] | None:
        self._calls(1)
        with self._lock:
            return frozenset(self._groups.get(group, ()))

    def group_names(self) -> frozenset[str]:
        self._calls(1)
        with self._lock:
            return frozenset(self._groups)

    def policy(self, arn: str) -> SeenPolicy | None:
        self._calls(2)
        return SeenPolicy(arn, "sha256:" + "1" * 64)

    def lab_policy(self, _arn: str) -> None:
        self._calls(1)

    def belongings(self, name: str) -> Belongings | None:
        self._calls(9)
        with self._lock:
            return Belongings(groups=tuple(sorted(g for g, users in self._groups.items() if name in users)))

    def password_policy(self) -> PasswordPolicy | None:
        self._calls(1)
        return None

    def trail(self) -> NoReturn:
        raise NotImplementedError

    def monitoring(self, log_group: str) -> SeenMonitoring:
        raise NotImplementedError(log_group)

    def devices(self, name: str) -> tuple[Device, ...] | None:  # noqa: ARG002 - the port's
        self._calls(1)
        return ()

    def spare_devices(self) -> frozenset[str]:
        self._calls(1)
        return frozenset()

    def inline(self, name: str, *, documents: bool = True) -> tuple[InlinePolicy, ...] | None:  # noqa: ARG002 - the port's
        self._calls(1)
        return ()

    def key_used(self, _key_id: str) -> datetime | None:
        self._calls(1)
        return None

    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:  # noqa: ARG002 - the port's
        if operation.action == "RemoveUserFromGroup":
            self._remove(operation.parameters)
            return {}
        self._calls(1)
        if operation.action == "AddUserToGroup":
            with self._lock:
                self._groups.setdefault(operation.parameters["GroupName"], set()).add(operation.parameters["UserName"])
        return {}

    def _remove(self, parameters: Mapping[str, Any]) -> None:
        with self._lock:
            self._under_way += 1
        self._calls(1)
        with self._lock:
            members = self._groups.get(parameters["GroupName"], set())
            was_member = parameters["UserName"] in members
            members.discard(parameters["UserName"])
            if self._log:
                self._log.write(f"{time.time()} {self._under_way}\n")
            self._under_way -= 1
        if not was_member:
            raise aws.Gone("RemoveUserFromGroup", "NoSuchEntity", "not a member")

    def _calls(self, many: int) -> None:
        if self._delay:
            time.sleep(self._delay * many)


def describe(path: Path, *, delay: float = 0.0, groups: Mapping[str, Iterable[str]] | None = None) -> Path:
    """Write down what an IAM in another process shall be like; the file that it logs to."""
    log = path.with_suffix(".log")
    log.unlink(missing_ok=True)
    held = {name: list(users) for name, users in (groups or {}).items()}
    path.write_text(json.dumps({"delay": delay, "groups": held, "log": str(log)}))
    return log


def _is_an_iam(free: FreeIam) -> Iam:
    return free  # mypy says so when the port gets another verb
