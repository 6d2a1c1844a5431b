from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.rule import Rule


T = TypeVar("T", bound="GroupView")


@_attrs_define
class GroupView:
    """A managed group.

    Attributes:
        created_at (datetime.datetime):
        description (str):
        name (str):
        path (str):
        policies (list[str]):
        rule (Rule): Who must approve joining a group, for how long at most, and what else is asked.
        version (int):
    """

    created_at: datetime.datetime
    description: str
    name: str
    path: str
    policies: list[str]
    rule: Rule
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        description = self.description

        name = self.name

        path = self.path

        policies = self.policies

        rule = self.rule.to_dict()

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "description": description,
                "name": name,
                "path": path,
                "policies": policies,
                "rule": rule,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.rule import Rule  # noqa: PLC0415

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        description = d.pop("description")

        name = d.pop("name")

        path = d.pop("path")

        policies = cast(list[str], d.pop("policies"))

        rule = Rule.from_dict(d.pop("rule"))

        version = d.pop("version")

        group_view = cls(
            created_at=created_at,
            description=description,
            name=name,
            path=path,
            policies=policies,
            rule=rule,
            version=version,
        )

        group_view.additional_properties = d
        return group_view

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
