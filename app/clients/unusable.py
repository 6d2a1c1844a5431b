"""An IAM that cannot be used: every verb says why, so that the reason ends up on the row that needed it."""

from typing import NoReturn

from app.clients.aws import AwsError
from app.domain.plans import Operation


class UnusableIam:
    """Stands in where no client could be made, or where it looks at another account.

    Args:
        why: Raised by every verb.
    """

    emulated = False

    def __init__(self, why: AwsError) -> None:
        self._why = why

    def account(self) -> NoReturn:
        """Raise."""
        raise self._why

    def user(self, _name: str, *, mfa: bool = False, belongings: bool = False) -> NoReturn:  # noqa: ARG002 - the port's
        """Raise."""
        raise self._why

    def group(self, _name: str) -> NoReturn:
        """Raise."""
        raise self._why

    def members(self, _group: str) -> NoReturn:
        """Raise."""
        raise self._why

    def group_names(self) -> NoReturn:
        """Raise."""
        raise self._why

    def policy(self, _arn: str) -> NoReturn:
        """Raise."""
        raise self._why

    def lab_policy(self, _arn: str) -> NoReturn:
        """Raise."""
        raise self._why

    def belongings(self, _name: str) -> NoReturn:
        """Raise."""
        raise self._why

    def inline(self, _name: str, *, documents: bool = True) -> NoReturn:  # noqa: ARG002 - the port's
        """Raise."""
        raise self._why

    def password_policy(self) -> NoReturn:
        """Raise."""
        raise self._why

    def monitoring(self, _log_group: str) -> NoReturn:
        """Raise."""
        raise self._why

    def trail(self) -> NoReturn:
        """Raise."""
        raise self._why

    def devices(self, _name: str) -> NoReturn:
        """Raise."""
        raise self._why

    def spare_devices(self) -> NoReturn:
        """Raise."""
        raise self._why

    def key_used(self, _key_id: str) -> NoReturn:
        """Raise."""
        raise self._why

    def call(self, _operation: Operation, secret: str | None = None) -> NoReturn:  # noqa: ARG002 - the port's
        """Raise."""
        raise self._why
