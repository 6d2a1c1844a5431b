from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.channel import Channel

T = TypeVar("T", bound="ApprovalView")


@_attrs_define
class ApprovalView:
    """An approval that counted. `by_rule` is true where no person gave it.

    Attributes:
        approver (str):
        at (datetime.datetime):
        by_rule (bool):
        channel (Channel): How somebody reached Gatehouse.
        comment (None | str):
    """

    approver: str
    at: datetime.datetime
    by_rule: bool
    channel: Channel
    comment: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        approver = self.approver

        at = self.at.isoformat()

        by_rule = self.by_rule

        channel = self.channel.value

        comment: None | str
        comment = self.comment

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "approver": approver,
                "at": at,
                "by_rule": by_rule,
                "channel": channel,
                "comment": comment,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        approver = d.pop("approver")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        by_rule = d.pop("by_rule")

        channel = Channel(d.pop("channel"))

        def _parse_comment(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        comment = _parse_comment(d.pop("comment"))

        approval_view = cls(
            approver=approver,
            at=at,
            by_rule=by_rule,
            channel=channel,
            comment=comment,
        )

        approval_view.additional_properties = d
        return approval_view

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
