from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.operation_view_parameters import OperationViewParameters


T = TypeVar("T", bound="OperationView")


@_attrs_define
class OperationView:
    """One call.

    Attributes:
        action (str):
        parameters (OperationViewParameters):
        service (str):
        summary (str):
    """

    action: str
    parameters: OperationViewParameters
    service: str
    summary: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action = self.action

        parameters = self.parameters.to_dict()

        service = self.service

        summary = self.summary

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "parameters": parameters,
                "service": service,
                "summary": summary,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.operation_view_parameters import OperationViewParameters  # noqa: PLC0415

        d = dict(src_dict)
        action = d.pop("action")

        parameters = OperationViewParameters.from_dict(d.pop("parameters"))

        service = d.pop("service")

        summary = d.pop("summary")

        operation_view = cls(
            action=action,
            parameters=parameters,
            service=service,
            summary=summary,
        )

        operation_view.additional_properties = d
        return operation_view

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
