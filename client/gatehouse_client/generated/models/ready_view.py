from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.ready_view_status import ReadyViewStatus

if TYPE_CHECKING:
    from ..models.ready_view_checks import ReadyViewChecks


T = TypeVar("T", bound="ReadyView")


@_attrs_define
class ReadyView:
    """What has to hold for requests to be served and carried out.

    Attributes:
        checks (ReadyViewChecks):
        status (ReadyViewStatus):
    """

    checks: ReadyViewChecks
    status: ReadyViewStatus
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        checks = self.checks.to_dict()

        status = self.status.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "checks": checks,
                "status": status,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ready_view_checks import ReadyViewChecks  # noqa: PLC0415

        d = dict(src_dict)
        checks = ReadyViewChecks.from_dict(d.pop("checks"))

        status = ReadyViewStatus(d.pop("status"))

        ready_view = cls(
            checks=checks,
            status=status,
        )

        ready_view.additional_properties = d
        return ready_view

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
