from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.policy_update_body import PolicyUpdateBody


T = TypeVar("T", bound="AskPolicyUpdate")


@_attrs_define
class AskPolicyUpdate:
    """A wish for `policy.update`.

    Attributes:
        change (PolicyUpdateBody): Its new document. The description stays what it was made with.
        kind (Literal['policy.update']):
        reason (str):
        account (str | Unset):  Default: 'default'.
        duration (None | str | Unset):
        emergency (bool | Unset):  Default: False.
        starts_at (datetime.datetime | None | Unset):
        user (None | str | Unset):
    """

    change: PolicyUpdateBody
    kind: Literal["policy.update"]
    reason: str
    account: str | Unset = "default"
    duration: None | str | Unset = UNSET
    emergency: bool | Unset = False
    starts_at: datetime.datetime | None | Unset = UNSET
    user: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        change = self.change.to_dict()

        kind = self.kind

        reason = self.reason

        account = self.account

        duration: None | str | Unset
        if isinstance(self.duration, Unset):
            duration = UNSET
        else:
            duration = self.duration

        emergency = self.emergency

        starts_at: None | str | Unset
        if isinstance(self.starts_at, Unset):
            starts_at = UNSET
        elif isinstance(self.starts_at, datetime.datetime):
            starts_at = self.starts_at.isoformat()
        else:
            starts_at = self.starts_at

        user: None | str | Unset
        if isinstance(self.user, Unset):
            user = UNSET
        else:
            user = self.user

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "change": change,
                "kind": kind,
                "reason": reason,
            }
        )
        if account is not UNSET:
            field_dict["account"] = account
        if duration is not UNSET:
            field_dict["duration"] = duration
        if emergency is not UNSET:
            field_dict["emergency"] = emergency
        if starts_at is not UNSET:
            field_dict["starts_at"] = starts_at
        if user is not UNSET:
            field_dict["user"] = user

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_update_body import PolicyUpdateBody  # noqa: PLC0415

        d = dict(src_dict)
        change = PolicyUpdateBody.from_dict(d.pop("change"))

        kind = cast(Literal["policy.update"], d.pop("kind"))
        if kind != "policy.update":
            raise ValueError(f"kind must match const 'policy.update', got '{kind}'")

        reason = d.pop("reason")

        account = d.pop("account", UNSET)

        def _parse_duration(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        duration = _parse_duration(d.pop("duration", UNSET))

        emergency = d.pop("emergency", UNSET)

        def _parse_starts_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                starts_at_type_0 = datetime.datetime.fromisoformat(data)

                return starts_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        starts_at = _parse_starts_at(d.pop("starts_at", UNSET))

        def _parse_user(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        user = _parse_user(d.pop("user", UNSET))

        ask_policy_update = cls(
            change=change,
            kind=kind,
            reason=reason,
            account=account,
            duration=duration,
            emergency=emergency,
            starts_at=starts_at,
            user=user,
        )

        return ask_policy_update
