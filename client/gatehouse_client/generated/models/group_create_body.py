from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.rule import Rule


T = TypeVar("T", bound="GroupCreateBody")


@_attrs_define
class GroupCreateBody:
    """A new group. Without a rule: one of `role:admin`, at most P30D, no MFA, no self-service, notify.

    Attributes:
        name (str):
        description (str | Unset):  Default: ''.
        policies (list[str] | Unset):
        rule (Rule | Unset): Who must approve joining a group, for how long at most, and what else is asked.
    """

    name: str
    description: str | Unset = ""
    policies: list[str] | Unset = UNSET
    rule: Rule | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        description = self.description

        policies: list[str] | Unset = UNSET
        if not isinstance(self.policies, Unset):
            policies = self.policies

        rule: dict[str, Any] | Unset = UNSET
        if not isinstance(self.rule, Unset):
            rule = self.rule.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if policies is not UNSET:
            field_dict["policies"] = policies
        if rule is not UNSET:
            field_dict["rule"] = rule

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.rule import Rule  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        description = d.pop("description", UNSET)

        policies = cast(list[str], d.pop("policies", UNSET))

        _rule = d.pop("rule", UNSET)
        rule: Rule | Unset
        if isinstance(_rule, Unset):
            rule = UNSET
        else:
            rule = Rule.from_dict(_rule)

        group_create_body = cls(
            name=name,
            description=description,
            policies=policies,
            rule=rule,
        )

        return group_create_body
