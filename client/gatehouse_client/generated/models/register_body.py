from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.role import Role
from ..types import UNSET, Unset

T = TypeVar("T", bound="RegisterBody")


@_attrs_define
class RegisterBody:
    """A new person, or a service of somebody's.

    Attributes:
        email (str):
        name (str):
        groups (list[str] | Unset):
        iam (bool | Unset):  Default: False.
        owner (None | str | Unset):
        reason (str | Unset):  Default: 'registered'.
        roles (list[Role] | Unset):
    """

    email: str
    name: str
    groups: list[str] | Unset = UNSET
    iam: bool | Unset = False
    owner: None | str | Unset = UNSET
    reason: str | Unset = "registered"
    roles: list[Role] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        email = self.email

        name = self.name

        groups: list[str] | Unset = UNSET
        if not isinstance(self.groups, Unset):
            groups = self.groups

        iam = self.iam

        owner: None | str | Unset
        if isinstance(self.owner, Unset):
            owner = UNSET
        else:
            owner = self.owner

        reason = self.reason

        roles: list[str] | Unset = UNSET
        if not isinstance(self.roles, Unset):
            roles = []
            for roles_item_data in self.roles:
                roles_item = roles_item_data.value
                roles.append(roles_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "email": email,
                "name": name,
            }
        )
        if groups is not UNSET:
            field_dict["groups"] = groups
        if iam is not UNSET:
            field_dict["iam"] = iam
        if owner is not UNSET:
            field_dict["owner"] = owner
        if reason is not UNSET:
            field_dict["reason"] = reason
        if roles is not UNSET:
            field_dict["roles"] = roles

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        email = d.pop("email")

        name = d.pop("name")

        groups = cast(list[str], d.pop("groups", UNSET))

        iam = d.pop("iam", UNSET)

        def _parse_owner(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        owner = _parse_owner(d.pop("owner", UNSET))

        reason = d.pop("reason", UNSET)

        _roles = d.pop("roles", UNSET)
        roles: list[Role] | Unset = UNSET
        if _roles is not UNSET:
            roles = []
            for roles_item_data in _roles:
                roles_item = Role(roles_item_data)

                roles.append(roles_item)

        register_body = cls(
            email=email,
            name=name,
            groups=groups,
            iam=iam,
            owner=owner,
            reason=reason,
            roles=roles,
        )

        return register_body
