from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.user_roles_body_roles_item import UserRolesBodyRolesItem

T = TypeVar("T", bound="UserRolesBody")


@_attrs_define
class UserRolesBody:
    """All roles the person shall have from then on.

    Attributes:
        roles (list[UserRolesBodyRolesItem]):
    """

    roles: list[UserRolesBodyRolesItem]

    def to_dict(self) -> dict[str, Any]:
        roles = []
        for roles_item_data in self.roles:
            roles_item = roles_item_data.value
            roles.append(roles_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "roles": roles,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        roles = []
        _roles = d.pop("roles")
        for roles_item_data in _roles:
            roles_item = UserRolesBodyRolesItem(roles_item_data)

            roles.append(roles_item)

        user_roles_body = cls(
            roles=roles,
        )

        return user_roles_body
