from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.role import Role
from ..models.user_state import UserState

T = TypeVar("T", bound="UserView")


@_attrs_define
class UserView:
    """A lab member or a service. `iam` is true when IAM was seen to have the user.

    Attributes:
        created_at (datetime.datetime):
        email (str):
        enrolled (bool):
        iam (bool):
        id (str):
        name (str):
        owner (None | str):
        roles (list[Role]):
        state (UserState): Whether a person can act.
        verified (bool):
        version (int):
    """

    created_at: datetime.datetime
    email: str
    enrolled: bool
    iam: bool
    id: str
    name: str
    owner: None | str
    roles: list[Role]
    state: UserState
    verified: bool
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        email = self.email

        enrolled = self.enrolled

        iam = self.iam

        id = self.id

        name = self.name

        owner: None | str
        owner = self.owner

        roles = []
        for roles_item_data in self.roles:
            roles_item = roles_item_data.value
            roles.append(roles_item)

        state = self.state.value

        verified = self.verified

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "email": email,
                "enrolled": enrolled,
                "iam": iam,
                "id": id,
                "name": name,
                "owner": owner,
                "roles": roles,
                "state": state,
                "verified": verified,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        email = d.pop("email")

        enrolled = d.pop("enrolled")

        iam = d.pop("iam")

        id = d.pop("id")

        name = d.pop("name")

        def _parse_owner(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        owner = _parse_owner(d.pop("owner"))

        roles = []
        _roles = d.pop("roles")
        for roles_item_data in _roles:
            roles_item = Role(roles_item_data)

            roles.append(roles_item)

        state = UserState(d.pop("state"))

        verified = d.pop("verified")

        version = d.pop("version")

        user_view = cls(
            created_at=created_at,
            email=email,
            enrolled=enrolled,
            iam=iam,
            id=id,
            name=name,
            owner=owner,
            roles=roles,
            state=state,
            verified=verified,
            version=version,
        )

        user_view.additional_properties = d
        return user_view

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
