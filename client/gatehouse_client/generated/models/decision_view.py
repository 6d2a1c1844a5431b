from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.channel import Channel
from ..models.verdict import Verdict

T = TypeVar("T", bound="DecisionView")


@_attrs_define
class DecisionView:
    """One approver's verdict. `void` says why it does not count any more.

    Attributes:
        approver (str):
        at (datetime.datetime):
        channel (Channel): How somebody reached Gatehouse.
        comment (None | str):
        plan_digest (str):
        verdict (Verdict): What one approver said.
        void (None | str):
    """

    approver: str
    at: datetime.datetime
    channel: Channel
    comment: None | str
    plan_digest: str
    verdict: Verdict
    void: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        approver = self.approver

        at = self.at.isoformat()

        channel = self.channel.value

        comment: None | str
        comment = self.comment

        plan_digest = self.plan_digest

        verdict = self.verdict.value

        void: None | str
        void = self.void

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "approver": approver,
                "at": at,
                "channel": channel,
                "comment": comment,
                "plan_digest": plan_digest,
                "verdict": verdict,
                "void": void,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        approver = d.pop("approver")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        channel = Channel(d.pop("channel"))

        def _parse_comment(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        comment = _parse_comment(d.pop("comment"))

        plan_digest = d.pop("plan_digest")

        verdict = Verdict(d.pop("verdict"))

        def _parse_void(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        void = _parse_void(d.pop("void"))

        decision_view = cls(
            approver=approver,
            at=at,
            channel=channel,
            comment=comment,
            plan_digest=plan_digest,
            verdict=verdict,
            void=void,
        )

        decision_view.additional_properties = d
        return decision_view

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
