from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.user_create_body_tags import UserCreateBodyTags


T = TypeVar("T", bound="UserCreateBody")


@_attrs_define
class UserCreateBody:
    """Who, and what they start with.

    Attributes:
        console: Also a password for the console, to be changed at the first sign-in.
        access_key: Also a key for programs.
        tags: With our own two they are the fifty that IAM allows.

        Attributes:
            access_key (bool | Unset):  Default: False.
            console (bool | Unset):  Default: False.
            email (None | str | Unset):
            groups (list[str] | Unset):
            tags (UserCreateBodyTags | Unset):
    """

    access_key: bool | Unset = False
    console: bool | Unset = False
    email: None | str | Unset = UNSET
    groups: list[str] | Unset = UNSET
    tags: UserCreateBodyTags | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        access_key = self.access_key

        console = self.console

        email: None | str | Unset
        if isinstance(self.email, Unset):
            email = UNSET
        else:
            email = self.email

        groups: list[str] | Unset = UNSET
        if not isinstance(self.groups, Unset):
            groups = self.groups

        tags: dict[str, Any] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if access_key is not UNSET:
            field_dict["access_key"] = access_key
        if console is not UNSET:
            field_dict["console"] = console
        if email is not UNSET:
            field_dict["email"] = email
        if groups is not UNSET:
            field_dict["groups"] = groups
        if tags is not UNSET:
            field_dict["tags"] = tags

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_create_body_tags import UserCreateBodyTags  # noqa: PLC0415

        d = dict(src_dict)
        access_key = d.pop("access_key", UNSET)

        console = d.pop("console", UNSET)

        def _parse_email(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        email = _parse_email(d.pop("email", UNSET))

        groups = cast(list[str], d.pop("groups", UNSET))

        _tags = d.pop("tags", UNSET)
        tags: UserCreateBodyTags | Unset
        if isinstance(_tags, Unset):
            tags = UNSET
        else:
            tags = UserCreateBodyTags.from_dict(_tags)

        user_create_body = cls(
            access_key=access_key,
            console=console,
            email=email,
            groups=groups,
            tags=tags,
        )

        return user_create_body
