from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.rule import Rule


T = TypeVar("T", bound="NewGroup")


@_attrs_define
class NewGroup:
    """A new group; files `group.create`.

    Attributes:
        name (str):
        description (str | Unset):  Default: ''.
        policies (list[str] | Unset):
        reason (str | Unset):  Default: 'asked by POST'.
        rule (Rule | Unset): Who must approve joining a group, for how long at most, and what else is asked.
    """

    name: str
    description: str | Unset = ""
    policies: list[str] | Unset = UNSET
    reason: str | Unset = "asked by POST"
    rule: Rule | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        description = self.description

        policies: list[str] | Unset = UNSET
        if not isinstance(self.policies, Unset):
            policies = self.policies

        reason = self.reason

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
        if reason is not UNSET:
            field_dict["reason"] = reason
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

        reason = d.pop("reason", UNSET)

        _rule = d.pop("rule", UNSET)
        rule: Rule | Unset
        if isinstance(_rule, Unset):
            rule = UNSET
        else:
            rule = Rule.from_dict(_rule)

        new_group = cls(
            name=name,
            description=description,
            policies=policies,
            reason=reason,
            rule=rule,
        )

        return new_group
