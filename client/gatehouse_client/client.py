"""One Gatehouse, as a script sees it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Protocol

from gatehouse_client import waiting
from gatehouse_client.calls import Calls
from gatehouse_client.durations import iso
from gatehouse_client.generated import models
from gatehouse_client.generated.api.access_requests import (
    approve,
    ask,
    cancel,
    deny,
    get_access_request,
    list_access_requests,
    preview,
    withdraw,
)
from gatehouse_client.generated.api.grants import extend_grant, get_grant, list_grants, revoke_grant
from gatehouse_client.generated.api.groups import list_groups
from gatehouse_client.generated.api.secrets import collect_secret, list_secrets
from gatehouse_client.generated.api.users import get_user, list_users, who_am_i
from gatehouse_client.generated.types import UNSET, Response
from gatehouse_client.secrets import Collected, collected

_MORE = 15.0
"""Seconds that an answer may take beyond what Gatehouse was asked to wait."""


class Wish(Protocol):
    """What can be asked for: any `Ask…` of `gatehouse_client.models`."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""


class Gatehouse(Calls):
    """What scripts do most, each in one call.

    What is not here is in `gatehouse_client.generated.api` and goes through `call` and `every` just as well.
    """

    # Who, and what there is.

    def who_am_i(self) -> models.MeView:
        """Whose token this is, what it may do, and what they hold."""
        return self.call(who_am_i.sync_detailed)

    def user(self, name: str) -> models.UserView:
        """A person or a service."""
        return self.call(get_user.sync_detailed, name)

    def users(self, **filters: Any) -> Iterator[models.UserView]:
        """Everybody."""
        return self.every(list_users.sync_detailed, **filters)

    def groups(self) -> Iterator[models.GroupView]:
        """What can be joined."""
        return self.every(list_groups.sync_detailed)

    # Asking.

    def ask(self, wish: Wish, *, key: str | None = None) -> models.AccessRequestView:
        """Ask for anything.

        Args:
            key: An idempotency key of your own: whoever asks the same with it again, next night perhaps, gets the
                first answer again. Left out: one for this call.
        """
        return self.call(ask.sync_detailed, body=wish, idempotency_key=key)

    def join(
        self,
        group: str,
        *,
        reason: str,
        duration: str | timedelta | None = None,
        user: str | None = None,
        key: str | None = None,
    ) -> models.AccessRequestView:
        """Ask for membership of a group.

        Args:
            duration: `P1D`, or a timedelta of whole seconds; left out: the longest that the group's rule allows.
            user: Whom it is for; left out: whose token this is.
        """
        wish = models.AskGroupJoin(
            kind="group.join",
            change=models.GroupBody(group=group),
            reason=reason,
            duration=UNSET if duration is None else iso(duration),
            user=UNSET if user is None else user,
        )
        return self.ask(wish, key=key)

    def leave(
        self, group: str, *, reason: str, user: str | None = None, key: str | None = None
    ) -> models.AccessRequestView:
        """Give a group back; approved by rule."""
        wish = models.AskGroupLeave(
            kind="group.leave",
            change=models.GroupBody(group=group),
            reason=reason,
            user=UNSET if user is None else user,
        )
        return self.ask(wish, key=key)

    def suspend(self, user: str, *, reason: str, key: str | None = None) -> models.AccessRequestView:
        """Stop all access of somebody; it can be given back."""
        wish = models.AskUserSuspend(kind="user.suspend", change=models.NoBody(), reason=reason, user=user)
        return self.ask(wish, key=key)

    def delete_user(self, user: str, *, reason: str, key: str | None = None) -> models.AccessRequestView:
        """Ask for somebody's IAM user to be taken apart; needs an admin's approval."""
        wish = models.AskUserDelete(kind="user.delete", change=models.NoBody(), reason=reason, user=user)
        return self.ask(wish, key=key)

    def rotate_key(self, key_id: str, *, reason: str, key: str | None = None) -> models.AccessRequestView:
        """Have one's own access key replaced; approved by rule. The new one waits in `secrets`."""
        wish = models.AskAccessKeyRotate(kind="access_key.rotate", change=models.KeyBody(key_id=key_id), reason=reason)
        return self.ask(wish, key=key)

    def preview(self, wish: Wish) -> models.PreviewView:
        """What asking would answer; nothing is stored."""
        return self.call(preview.sync_detailed, body=wish)

    # Requests.

    def request(self, request_id: str) -> models.AccessRequestView:
        """One access request."""
        return self.call(get_access_request.sync_detailed, request_id)

    def requests(self, **filters: Any) -> Iterator[models.AccessRequestView]:
        """Access requests, newest first.

        Args:
            filters: `decision`, `provisioning`, `user`, `kind`, `group`, `mine`, `to_approve`.
        """
        return self.every(list_access_requests.sync_detailed, **filters)

    def approve(
        self, request_id: str, *, comment: str | None = None, plan_digest: str | None = None
    ) -> models.AccessRequestView:
        """Approve, as the person whose token this is.

        Args:
            plan_digest: Of the plan that was looked at: another one is refused.
        """
        body = models.ApproveBody(
            comment=UNSET if comment is None else comment, plan_digest=UNSET if plan_digest is None else plan_digest
        )
        return self.call(approve.sync_detailed, request_id, body=body)

    def deny(self, request_id: str, *, comment: str) -> models.AccessRequestView:
        """Deny; one denial ends it."""
        return self.call(deny.sync_detailed, request_id, body=models.DenyBody(comment=comment))

    def cancel(self, request_id: str) -> models.AccessRequestView:
        """Take back what one asked for."""
        return self.call(cancel.sync_detailed, request_id)

    def withdraw(self, request_id: str) -> models.AccessRequestView:
        """Take back one's approval."""
        return self.call(withdraw.sync_detailed, request_id)

    def wait_until_decided(
        self, request: models.AccessRequestView | str, *, timeout: float | timedelta
    ) -> models.AccessRequestView:
        """Wait until somebody approved or denied, or it was over otherwise; the answer says which.

        Args:
            timeout: Seconds at most.

        Raises:
            StillWaiting: The time is over.
        """
        return waiting.wait(self._look(request, "decided"), waiting.is_decided, timeout, self._patience.sleep)

    def wait_until_applied(
        self, request: models.AccessRequestView | str, *, timeout: float | timedelta
    ) -> models.AccessRequestView:
        """Wait until IAM shows what was asked for.

        Args:
            timeout: Seconds at most.

        Raises:
            Refused: It was denied, cancelled, or not decided in time.
            Failed: It was approved and could not be carried out.
            StillWaiting: The time is over.
        """
        return waiting.wait(self._look(request, "applied"), waiting.is_applied, timeout, self._patience.sleep)

    def _look(self, request: models.AccessRequestView | str, until: str) -> Callable[[int], models.AccessRequestView]:
        request_id = request if isinstance(request, str) else request.id

        def look(seconds: int) -> models.AccessRequestView:
            with self._door.taking(max(self._timeout, seconds + _MORE)):
                return self.call(
                    get_access_request.sync_detailed,
                    request_id,
                    wait=seconds,
                    until=models.GetAccessRequestUntil(until),
                )

        return look

    # Grants and secrets.

    def grant(self, grant_id: str) -> models.GrantView:
        """One grant."""
        return self.call(get_grant.sync_detailed, grant_id)

    def grants(self, **filters: Any) -> Iterator[models.GrantView]:
        """Grants, newest first; filters are `user`, `group`, `state`, `ends_before`."""
        return self.every(list_grants.sync_detailed, **filters)

    def extend(self, grant_id: str, *, duration: str | timedelta, reason: str) -> models.AccessRequestView:
        """Ask for a later end."""
        body = models.ExtendBody(duration=iso(duration), reason=reason)
        return self.call(extend_grant.sync_detailed, grant_id, body=body)

    def revoke(self, grant_id: str, *, reason: str) -> models.GrantView:
        """End access now."""
        return self.call(revoke_grant.sync_detailed, grant_id, body=models.ReasonBody(reason=reason))

    def secrets(self) -> Iterator[models.SecretView]:
        """Passwords, keys and seeds that wait for whose token this is."""
        return self.every(list_secrets.sync_detailed)

    def collect(self, secret_id: str) -> Collected:
        """Collect one, once. Keep it before anything else: it is given only this time.

        Raises:
            AlreadyDelivered: The answer to an earlier try was lost on its way, and what it held with it.
        """
        # mypy infers nothing from a union of three.
        collect: Callable[..., Response[Any]] = collect_secret.sync_detailed
        return collected(self.call(collect, secret_id))
