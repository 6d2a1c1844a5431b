from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="RulingPart")


@_attrs_define
class RulingPart:
    """One rule to be met.

    Attributes:
        eligible_approvers (list[str]):
        required_approvals (int):
        rule (str):
    """

    eligible_approvers: list[str]
    required_approvals: int
    rule: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        eligible_approvers = self.eligible_approvers

        required_approvals = self.required_approvals

        rule = self.rule

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "eligible_approvers": eligible_approvers,
                "required_approvals": required_approvals,
                "rule": rule,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        eligible_approvers = cast(list[str], d.pop("eligible_approvers"))

        required_approvals = d.pop("required_approvals")

        rule = d.pop("rule")

        ruling_part = cls(
            eligible_approvers=eligible_approvers,
            required_approvals=required_approvals,
            rule=rule,
        )

        ruling_part.additional_properties = d
        return ruling_part

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
