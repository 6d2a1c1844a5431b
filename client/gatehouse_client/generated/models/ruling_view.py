from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.ruling_part import RulingPart


T = TypeVar("T", bound="RulingView")


@_attrs_define
class RulingView:
    """What the approval rule says of a request.

    Attributes:
        by_rule (None | str):
        eligible_approvers (list[str]):
        max_duration (None | str):
        parts (list[RulingPart]):
        reasons (list[str]):
        required_approvals (int):
    """

    by_rule: None | str
    eligible_approvers: list[str]
    max_duration: None | str
    parts: list[RulingPart]
    reasons: list[str]
    required_approvals: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        by_rule: None | str
        by_rule = self.by_rule

        eligible_approvers = self.eligible_approvers

        max_duration: None | str
        max_duration = self.max_duration

        parts = []
        for parts_item_data in self.parts:
            parts_item = parts_item_data.to_dict()
            parts.append(parts_item)

        reasons = self.reasons

        required_approvals = self.required_approvals

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "by_rule": by_rule,
                "eligible_approvers": eligible_approvers,
                "max_duration": max_duration,
                "parts": parts,
                "reasons": reasons,
                "required_approvals": required_approvals,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ruling_part import RulingPart  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_by_rule(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        by_rule = _parse_by_rule(d.pop("by_rule"))

        eligible_approvers = cast(list[str], d.pop("eligible_approvers"))

        def _parse_max_duration(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        max_duration = _parse_max_duration(d.pop("max_duration"))

        parts = []
        _parts = d.pop("parts")
        for parts_item_data in _parts:
            parts_item = RulingPart.from_dict(parts_item_data)

            parts.append(parts_item)

        reasons = cast(list[str], d.pop("reasons"))

        required_approvals = d.pop("required_approvals")

        ruling_view = cls(
            by_rule=by_rule,
            eligible_approvers=eligible_approvers,
            max_duration=max_duration,
            parts=parts,
            reasons=reasons,
            required_approvals=required_approvals,
        )

        ruling_view.additional_properties = d
        return ruling_view

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
