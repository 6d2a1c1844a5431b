from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.held_policy_view import HeldPolicyView
    from ..models.held_view import HeldView


T = TypeVar("T", bound="AccessView")


@_attrs_define
class AccessView:
    """Everything somebody holds, and why.

    Attributes:
        at (datetime.datetime):
        groups (list[HeldView]):
        policies (list[HeldPolicyView]):
        user (str):
    """

    at: datetime.datetime
    groups: list[HeldView]
    policies: list[HeldPolicyView]
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        groups = []
        for groups_item_data in self.groups:
            groups_item = groups_item_data.to_dict()
            groups.append(groups_item)

        policies = []
        for policies_item_data in self.policies:
            policies_item = policies_item_data.to_dict()
            policies.append(policies_item)

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "groups": groups,
                "policies": policies,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.held_policy_view import HeldPolicyView  # noqa: PLC0415
        from ..models.held_view import HeldView  # noqa: PLC0415

        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        groups = []
        _groups = d.pop("groups")
        for groups_item_data in _groups:
            groups_item = HeldView.from_dict(groups_item_data)

            groups.append(groups_item)

        policies = []
        _policies = d.pop("policies")
        for policies_item_data in _policies:
            policies_item = HeldPolicyView.from_dict(policies_item_data)

            policies.append(policies_item)

        user = d.pop("user")

        access_view = cls(
            at=at,
            groups=groups,
            policies=policies,
            user=user,
        )

        access_view.additional_properties = d
        return access_view

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
