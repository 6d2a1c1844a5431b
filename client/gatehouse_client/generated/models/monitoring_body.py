from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="MonitoringBody")


@_attrs_define
class MonitoringBody:
    """Where the trail writes to, and who is told.

    Attributes:
        email (str):
        log_group (str):
    """

    email: str
    log_group: str

    def to_dict(self) -> dict[str, Any]:
        email = self.email

        log_group = self.log_group

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "email": email,
                "log_group": log_group,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        email = d.pop("email")

        log_group = d.pop("log_group")

        monitoring_body = cls(
            email=email,
            log_group=log_group,
        )

        return monitoring_body
