from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.grant_state import GrantState
from ..models.origin import Origin

if TYPE_CHECKING:
    from ..models.grant_view_failure_type_0 import GrantViewFailureType0


T = TypeVar("T", bound="GrantView")


@_attrs_define
class GrantView:
    """Access for a time: membership of `group`, or the inline policy `policy` of the user's own.

    What was imported has no request and no end until it is adopted.

        Attributes:
            access_request_id (None | str):
            account (str):
            continued_by (None | str):
            created_at (datetime.datetime):
            duration (None | str):
            end_reason (None | str):
            ended_at (datetime.datetime | None):
            ended_by (None | str):
            ends_at (datetime.datetime | None):
            failure (GrantViewFailureType0 | None):
            group (None | str):
            id (str):
            origin (Origin): Where a grant comes from.
            policy (None | str):
            starts_at (datetime.datetime | None):
            state (GrantState): The life of a piece of access.
            user (str):
            version (int):
    """

    access_request_id: None | str
    account: str
    continued_by: None | str
    created_at: datetime.datetime
    duration: None | str
    end_reason: None | str
    ended_at: datetime.datetime | None
    ended_by: None | str
    ends_at: datetime.datetime | None
    failure: GrantViewFailureType0 | None
    group: None | str
    id: str
    origin: Origin
    policy: None | str
    starts_at: datetime.datetime | None
    state: GrantState
    user: str
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.grant_view_failure_type_0 import GrantViewFailureType0  # noqa: PLC0415

        access_request_id: None | str
        access_request_id = self.access_request_id

        account = self.account

        continued_by: None | str
        continued_by = self.continued_by

        created_at = self.created_at.isoformat()

        duration: None | str
        duration = self.duration

        end_reason: None | str
        end_reason = self.end_reason

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        ended_by: None | str
        ended_by = self.ended_by

        ends_at: None | str
        if isinstance(self.ends_at, datetime.datetime):
            ends_at = self.ends_at.isoformat()
        else:
            ends_at = self.ends_at

        failure: dict[str, Any] | None
        if isinstance(self.failure, GrantViewFailureType0):
            failure = self.failure.to_dict()
        else:
            failure = self.failure

        group: None | str
        group = self.group

        id = self.id

        origin = self.origin.value

        policy: None | str
        policy = self.policy

        starts_at: None | str
        if isinstance(self.starts_at, datetime.datetime):
            starts_at = self.starts_at.isoformat()
        else:
            starts_at = self.starts_at

        state = self.state.value

        user = self.user

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "access_request_id": access_request_id,
                "account": account,
                "continued_by": continued_by,
                "created_at": created_at,
                "duration": duration,
                "end_reason": end_reason,
                "ended_at": ended_at,
                "ended_by": ended_by,
                "ends_at": ends_at,
                "failure": failure,
                "group": group,
                "id": id,
                "origin": origin,
                "policy": policy,
                "starts_at": starts_at,
                "state": state,
                "user": user,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.grant_view_failure_type_0 import GrantViewFailureType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_access_request_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        access_request_id = _parse_access_request_id(d.pop("access_request_id"))

        account = d.pop("account")

        def _parse_continued_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        continued_by = _parse_continued_by(d.pop("continued_by"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_duration(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        duration = _parse_duration(d.pop("duration"))

        def _parse_end_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        end_reason = _parse_end_reason(d.pop("end_reason"))

        def _parse_ended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended_at = _parse_ended_at(d.pop("ended_at"))

        def _parse_ended_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ended_by = _parse_ended_by(d.pop("ended_by"))

        def _parse_ends_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ends_at_type_0 = datetime.datetime.fromisoformat(data)

                return ends_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ends_at = _parse_ends_at(d.pop("ends_at"))

        def _parse_failure(data: object) -> GrantViewFailureType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                failure_type_0 = GrantViewFailureType0.from_dict(data)

                return failure_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(GrantViewFailureType0 | None, data)

        failure = _parse_failure(d.pop("failure"))

        def _parse_group(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        group = _parse_group(d.pop("group"))

        id = d.pop("id")

        origin = Origin(d.pop("origin"))

        def _parse_policy(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        policy = _parse_policy(d.pop("policy"))

        def _parse_starts_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                starts_at_type_0 = datetime.datetime.fromisoformat(data)

                return starts_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        starts_at = _parse_starts_at(d.pop("starts_at"))

        state = GrantState(d.pop("state"))

        user = d.pop("user")

        version = d.pop("version")

        grant_view = cls(
            access_request_id=access_request_id,
            account=account,
            continued_by=continued_by,
            created_at=created_at,
            duration=duration,
            end_reason=end_reason,
            ended_at=ended_at,
            ended_by=ended_by,
            ends_at=ends_at,
            failure=failure,
            group=group,
            id=id,
            origin=origin,
            policy=policy,
            starts_at=starts_at,
            state=state,
            user=user,
            version=version,
        )

        grant_view.additional_properties = d
        return grant_view

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
