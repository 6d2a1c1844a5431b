from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="GrantAdoptBody")


@_attrs_define
class GrantAdoptBody:
    """An imported grant, or a group that the user was found in. Each is found by the other.

    Attributes:
        grant_id (None | str | Unset):
        group (None | str | Unset):
    """

    grant_id: None | str | Unset = UNSET
    group: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        grant_id: None | str | Unset
        if isinstance(self.grant_id, Unset):
            grant_id = UNSET
        else:
            grant_id = self.grant_id

        group: None | str | Unset
        if isinstance(self.group, Unset):
            group = UNSET
        else:
            group = self.group

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if grant_id is not UNSET:
            field_dict["grant_id"] = grant_id
        if group is not UNSET:
            field_dict["group"] = group

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_grant_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        grant_id = _parse_grant_id(d.pop("grant_id", UNSET))

        def _parse_group(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        group = _parse_group(d.pop("group", UNSET))

        grant_adopt_body = cls(
            grant_id=grant_id,
            group=group,
        )

        return grant_adopt_body
