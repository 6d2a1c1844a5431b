from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="PasswordPolicyBody")


@_attrs_define
class PasswordPolicyBody:
    """Every field of a policy; the limits are AWS's and the contract's.

    Source: IAM API Reference, UpdateAccountPasswordPolicy. `max_age_days` null: passwords do not expire.

        Attributes:
            allow_users_to_change_password (bool | Unset):  Default: True.
            hard_expiry (bool | Unset):  Default: False.
            max_age_days (int | None | Unset):  Default: 90.
            minimum_length (int | Unset):  Default: 14.
            require_lowercase (bool | Unset):  Default: True.
            require_numbers (bool | Unset):  Default: True.
            require_symbols (bool | Unset):  Default: True.
            require_uppercase (bool | Unset):  Default: True.
            reuse_prevention (int | Unset):  Default: 12.
    """

    allow_users_to_change_password: bool | Unset = True
    hard_expiry: bool | Unset = False
    max_age_days: int | None | Unset = 90
    minimum_length: int | Unset = 14
    require_lowercase: bool | Unset = True
    require_numbers: bool | Unset = True
    require_symbols: bool | Unset = True
    require_uppercase: bool | Unset = True
    reuse_prevention: int | Unset = 12

    def to_dict(self) -> dict[str, Any]:
        allow_users_to_change_password = self.allow_users_to_change_password

        hard_expiry = self.hard_expiry

        max_age_days: int | None | Unset
        if isinstance(self.max_age_days, Unset):
            max_age_days = UNSET
        else:
            max_age_days = self.max_age_days

        minimum_length = self.minimum_length

        require_lowercase = self.require_lowercase

        require_numbers = self.require_numbers

        require_symbols = self.require_symbols

        require_uppercase = self.require_uppercase

        reuse_prevention = self.reuse_prevention

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if allow_users_to_change_password is not UNSET:
            field_dict["allow_users_to_change_password"] = allow_users_to_change_password
        if hard_expiry is not UNSET:
            field_dict["hard_expiry"] = hard_expiry
        if max_age_days is not UNSET:
            field_dict["max_age_days"] = max_age_days
        if minimum_length is not UNSET:
            field_dict["minimum_length"] = minimum_length
        if require_lowercase is not UNSET:
            field_dict["require_lowercase"] = require_lowercase
        if require_numbers is not UNSET:
            field_dict["require_numbers"] = require_numbers
        if require_symbols is not UNSET:
            field_dict["require_symbols"] = require_symbols
        if require_uppercase is not UNSET:
            field_dict["require_uppercase"] = require_uppercase
        if reuse_prevention is not UNSET:
            field_dict["reuse_prevention"] = reuse_prevention

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        allow_users_to_change_password = d.pop("allow_users_to_change_password", UNSET)

        hard_expiry = d.pop("hard_expiry", UNSET)

        def _parse_max_age_days(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_age_days = _parse_max_age_days(d.pop("max_age_days", UNSET))

        minimum_length = d.pop("minimum_length", UNSET)

        require_lowercase = d.pop("require_lowercase", UNSET)

        require_numbers = d.pop("require_numbers", UNSET)

        require_symbols = d.pop("require_symbols", UNSET)

        require_uppercase = d.pop("require_uppercase", UNSET)

        reuse_prevention = d.pop("reuse_prevention", UNSET)

        password_policy_body = cls(
            allow_users_to_change_password=allow_users_to_change_password,
            hard_expiry=hard_expiry,
            max_age_days=max_age_days,
            minimum_length=minimum_length,
            require_lowercase=require_lowercase,
            require_numbers=require_numbers,
            require_symbols=require_symbols,
            require_uppercase=require_uppercase,
            reuse_prevention=reuse_prevention,
        )

        return password_policy_body
