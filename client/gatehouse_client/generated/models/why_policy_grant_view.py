from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.grant_state import GrantState
from ..models.origin import Origin

if TYPE_CHECKING:
    from ..models.approval_view import ApprovalView
    from ..models.asked_view import AskedView
    from ..models.policy_remains_view import PolicyRemainsView


T = TypeVar("T", bound="WhyPolicyGrantView")


@_attrs_define
class WhyPolicyGrantView:
    """A grant of a one-off permission with who asked for it and who approved, and what would remain without it.

    Attributes:
        access_request (AskedView | None):
        approvals (list[ApprovalView]):
        duration (None | str):
        ends_at (datetime.datetime | None):
        grant_id (str):
        note (None | str):
        origin (Origin): Where a grant comes from.
        starts_at (datetime.datetime | None):
        state (GrantState): The life of a piece of access.
        without_it (PolicyRemainsView): What would be left. `until` is null where no other grant gives the policy, or
            one without an end does.
    """

    access_request: AskedView | None
    approvals: list[ApprovalView]
    duration: None | str
    ends_at: datetime.datetime | None
    grant_id: str
    note: None | str
    origin: Origin
    starts_at: datetime.datetime | None
    state: GrantState
    without_it: PolicyRemainsView
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.asked_view import AskedView  # noqa: PLC0415

        access_request: dict[str, Any] | None
        if isinstance(self.access_request, AskedView):
            access_request = self.access_request.to_dict()
        else:
            access_request = self.access_request

        approvals = []
        for approvals_item_data in self.approvals:
            approvals_item = approvals_item_data.to_dict()
            approvals.append(approvals_item)

        duration: None | str
        duration = self.duration

        ends_at: None | str
        if isinstance(self.ends_at, datetime.datetime):
            ends_at = self.ends_at.isoformat()
        else:
            ends_at = self.ends_at

        grant_id = self.grant_id

        note: None | str
        note = self.note

        origin = self.origin.value

        starts_at: None | str
        if isinstance(self.starts_at, datetime.datetime):
            starts_at = self.starts_at.isoformat()
        else:
            starts_at = self.starts_at

        state = self.state.value

        without_it = self.without_it.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "access_request": access_request,
                "approvals": approvals,
                "duration": duration,
                "ends_at": ends_at,
                "grant_id": grant_id,
                "note": note,
                "origin": origin,
                "starts_at": starts_at,
                "state": state,
                "without_it": without_it,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.approval_view import ApprovalView  # noqa: PLC0415
        from ..models.asked_view import AskedView  # noqa: PLC0415
        from ..models.policy_remains_view import PolicyRemainsView  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_access_request(data: object) -> AskedView | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                access_request_type_0 = AskedView.from_dict(data)

                return access_request_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AskedView | None, data)

        access_request = _parse_access_request(d.pop("access_request"))

        approvals = []
        _approvals = d.pop("approvals")
        for approvals_item_data in _approvals:
            approvals_item = ApprovalView.from_dict(approvals_item_data)

            approvals.append(approvals_item)

        def _parse_duration(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        duration = _parse_duration(d.pop("duration"))

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

        grant_id = d.pop("grant_id")

        def _parse_note(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        note = _parse_note(d.pop("note"))

        origin = Origin(d.pop("origin"))

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

        without_it = PolicyRemainsView.from_dict(d.pop("without_it"))

        why_policy_grant_view = cls(
            access_request=access_request,
            approvals=approvals,
            duration=duration,
            ends_at=ends_at,
            grant_id=grant_id,
            note=note,
            origin=origin,
            starts_at=starts_at,
            state=state,
            without_it=without_it,
        )

        why_policy_grant_view.additional_properties = d
        return why_policy_grant_view

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
