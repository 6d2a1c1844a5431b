from __future__ import annotations

from collections.abc import Mapping
from typing import (
    Any,
    Literal,
    TypeVar,
    cast,
)

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SeedView")


@_attrs_define
class SeedView:
    """The seed of a new MFA device, to be typed or as a QR code (PNG in base64). Shown once; then activate it.

    Attributes:
        base32_seed (str):
        kind (Literal['mfa_seed']):
        qr_png_base64 (str):
        serial_number (str):
    """

    base32_seed: str
    kind: Literal["mfa_seed"]
    qr_png_base64: str
    serial_number: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        base32_seed = self.base32_seed

        kind = self.kind

        qr_png_base64 = self.qr_png_base64

        serial_number = self.serial_number

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "base32_seed": base32_seed,
                "kind": kind,
                "qr_png_base64": qr_png_base64,
                "serial_number": serial_number,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        base32_seed = d.pop("base32_seed")

        kind = cast(Literal["mfa_seed"], d.pop("kind"))
        if kind != "mfa_seed":
            raise ValueError(f"kind must match const 'mfa_seed', got '{kind}'")

        qr_png_base64 = d.pop("qr_png_base64")

        serial_number = d.pop("serial_number")

        seed_view = cls(
            base32_seed=base32_seed,
            kind=kind,
            qr_png_base64=qr_png_base64,
            serial_number=serial_number,
        )

        seed_view.additional_properties = d
        return seed_view

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
