from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="ActivateBody")


@_attrs_define
class ActivateBody:
    """Two codes of the device that follow each other, the older one first. They are kept nowhere.

    Attributes:
        code1 (str): Six digits.
        code2 (str): Six digits.
        account (str | Unset):  Default: 'default'.
    """

    code1: str
    code2: str
    account: str | Unset = "default"

    def to_dict(self) -> dict[str, Any]:
        code1 = self.code1

        code2 = self.code2

        account = self.account

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code1": code1,
                "code2": code2,
            }
        )
        if account is not UNSET:
            field_dict["account"] = account

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code1 = d.pop("code1")

        code2 = d.pop("code2")

        account = d.pop("account", UNSET)

        activate_body = cls(
            code1=code1,
            code2=code2,
            account=account,
        )

        return activate_body
