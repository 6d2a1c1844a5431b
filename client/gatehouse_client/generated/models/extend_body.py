from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="ExtendBody")


@_attrs_define
class ExtendBody:
    """How long from the moment it is carried out, and why.

    Attributes:
        duration (str):
        reason (str):
    """

    duration: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        duration = self.duration

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "duration": duration,
                "reason": reason,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        duration = d.pop("duration")

        reason = d.pop("reason")

        extend_body = cls(
            duration=duration,
            reason=reason,
        )

        return extend_body
