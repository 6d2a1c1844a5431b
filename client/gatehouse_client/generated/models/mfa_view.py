from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.device_view import DeviceView
    from ..models.enrolment_view import EnrolmentView


T = TypeVar("T", bound="MfaView")


@_attrs_define
class MfaView:
    """What was last seen in AWS. `devices` is null where nobody ever looked.

    Attributes:
        account (str):
        devices (list[DeviceView] | None):
        enrolment (EnrolmentView | None):
        seen_at (datetime.datetime | None):
        user (str):
    """

    account: str
    devices: list[DeviceView] | None
    enrolment: EnrolmentView | None
    seen_at: datetime.datetime | None
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.enrolment_view import EnrolmentView  # noqa: PLC0415

        account = self.account

        devices: list[dict[str, Any]] | None
        if isinstance(self.devices, list):
            devices = []
            for devices_type_0_item_data in self.devices:
                devices_type_0_item = devices_type_0_item_data.to_dict()
                devices.append(devices_type_0_item)

        else:
            devices = self.devices

        enrolment: dict[str, Any] | None
        if isinstance(self.enrolment, EnrolmentView):
            enrolment = self.enrolment.to_dict()
        else:
            enrolment = self.enrolment

        seen_at: None | str
        if isinstance(self.seen_at, datetime.datetime):
            seen_at = self.seen_at.isoformat()
        else:
            seen_at = self.seen_at

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "account": account,
                "devices": devices,
                "enrolment": enrolment,
                "seen_at": seen_at,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.device_view import DeviceView  # noqa: PLC0415
        from ..models.enrolment_view import EnrolmentView  # noqa: PLC0415

        d = dict(src_dict)
        account = d.pop("account")

        def _parse_devices(data: object) -> list[DeviceView] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                devices_type_0 = []
                _devices_type_0 = data
                for devices_type_0_item_data in _devices_type_0:
                    devices_type_0_item = DeviceView.from_dict(devices_type_0_item_data)

                    devices_type_0.append(devices_type_0_item)

                return devices_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[DeviceView] | None, data)

        devices = _parse_devices(d.pop("devices"))

        def _parse_enrolment(data: object) -> EnrolmentView | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                enrolment_type_0 = EnrolmentView.from_dict(data)

                return enrolment_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EnrolmentView | None, data)

        enrolment = _parse_enrolment(d.pop("enrolment"))

        def _parse_seen_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                seen_at_type_0 = datetime.datetime.fromisoformat(data)

                return seen_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        seen_at = _parse_seen_at(d.pop("seen_at"))

        user = d.pop("user")

        mfa_view = cls(
            account=account,
            devices=devices,
            enrolment=enrolment,
            seen_at=seen_at,
            user=user,
        )

        mfa_view.additional_properties = d
        return mfa_view

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
