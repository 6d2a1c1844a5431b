from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.operation_view import OperationView


T = TypeVar("T", bound="PlanView")


@_attrs_define
class PlanView:
    """The calls that remain, and the digest over the state they lead to.

    Attributes:
        digest (str):
        operations (list[OperationView]):
    """

    digest: str
    operations: list[OperationView]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        digest = self.digest

        operations = []
        for operations_item_data in self.operations:
            operations_item = operations_item_data.to_dict()
            operations.append(operations_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "digest": digest,
                "operations": operations,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.operation_view import OperationView  # noqa: PLC0415

        d = dict(src_dict)
        digest = d.pop("digest")

        operations = []
        _operations = d.pop("operations")
        for operations_item_data in _operations:
            operations_item = OperationView.from_dict(operations_item_data)

            operations.append(operations_item)

        plan_view = cls(
            digest=digest,
            operations=operations,
        )

        plan_view.additional_properties = d
        return plan_view

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
