from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="EnrolmentView")


@_attrs_define
class EnrolmentView:
    """A device that was made and is not activated yet. Its seed is collected once, at `/v1/secrets`.

    Attributes:
        access_request_id (str):
        collected (bool):
        expires_at (datetime.datetime):
        serial_number (str):
    """

    access_request_id: str
    collected: bool
    expires_at: datetime.datetime
    serial_number: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        access_request_id = self.access_request_id

        collected = self.collected

        expires_at = self.expires_at.isoformat()

        serial_number = self.serial_number

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "access_request_id": access_request_id,
                "collected": collected,
                "expires_at": expires_at,
                "serial_number": serial_number,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        access_request_id = d.pop("access_request_id")

        collected = d.pop("collected")

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        serial_number = d.pop("serial_number")

        enrolment_view = cls(
            access_request_id=access_request_id,
            collected=collected,
            expires_at=expires_at,
            serial_number=serial_number,
        )

        enrolment_view.additional_properties = d
        return enrolment_view

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
