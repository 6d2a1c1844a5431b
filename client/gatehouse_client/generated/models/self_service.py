from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="SelfService")


@_attrs_define
class SelfService:
    """When a member may have the group without asking anyone.

    Attributes:
        max_duration (str):
        held_before (bool | Unset):  Default: True.
    """

    max_duration: str
    held_before: bool | Unset = True

    def to_dict(self) -> dict[str, Any]:
        max_duration = self.max_duration

        held_before = self.held_before

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "max_duration": max_duration,
            }
        )
        if held_before is not UNSET:
            field_dict["held_before"] = held_before

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        max_duration = d.pop("max_duration")

        held_before = d.pop("held_before", UNSET)

        self_service = cls(
            max_duration=max_duration,
            held_before=held_before,
        )

        return self_service
