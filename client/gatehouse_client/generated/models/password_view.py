from __future__ import annotations

from collections.abc import Mapping
from typing import (
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="PasswordView")


@_attrs_define
class PasswordView:
    """A password for the console, to be changed at the first sign-in. Shown once.

    Attributes:
        kind (Literal['console_password']):
        password (str):
        sign_in_url (str):
        user_name (str):
    """

    kind: Literal["console_password"]
    password: str
    sign_in_url: str
    user_name: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind

        password = self.password

        sign_in_url = self.sign_in_url

        user_name = self.user_name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "kind": kind,
                "password": password,
                "sign_in_url": sign_in_url,
                "user_name": user_name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = cast(Literal["console_password"], d.pop("kind"))
        if kind != "console_password":
            raise ValueError(f"kind must match const 'console_password', got '{kind}'")

        password = d.pop("password")

        sign_in_url = d.pop("sign_in_url")

        user_name = d.pop("user_name")

        password_view = cls(
            kind=kind,
            password=password,
            sign_in_url=sign_in_url,
            user_name=user_name,
        )

        password_view.additional_properties = d
        return password_view

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
