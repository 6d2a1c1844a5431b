from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.scope import Scope

T = TypeVar("T", bound="TokenBody")


@_attrs_define
class TokenBody:
    """Another token of one's own.

    Attributes:
        expires_in (str):
        name (str):
        scopes (list[Scope]):
    """

    expires_in: str
    name: str
    scopes: list[Scope]

    def to_dict(self) -> dict[str, Any]:
        expires_in = self.expires_in

        name = self.name

        scopes = []
        for scopes_item_data in self.scopes:
            scopes_item = scopes_item_data.value
            scopes.append(scopes_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "expires_in": expires_in,
                "name": name,
                "scopes": scopes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        expires_in = d.pop("expires_in")

        name = d.pop("name")

        scopes = []
        _scopes = d.pop("scopes")
        for scopes_item_data in _scopes:
            scopes_item = Scope(scopes_item_data)

            scopes.append(scopes_item)

        token_body = cls(
            expires_in=expires_in,
            name=name,
            scopes=scopes,
        )

        return token_body
