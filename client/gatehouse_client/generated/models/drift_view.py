from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.finding_view import FindingView


T = TypeVar("T", bound="DriftView")


@_attrs_define
class DriftView:
    """What the restored database and AWS say differently. Not complete: something could not be read yet.

    Attributes:
        complete (bool):
        findings (list[FindingView]):
        left_out (int):
        made_at (datetime.datetime):
    """

    complete: bool
    findings: list[FindingView]
    left_out: int
    made_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        complete = self.complete

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        left_out = self.left_out

        made_at = self.made_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "complete": complete,
                "findings": findings,
                "left_out": left_out,
                "made_at": made_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.finding_view import FindingView  # noqa: PLC0415

        d = dict(src_dict)
        complete = d.pop("complete")

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = FindingView.from_dict(findings_item_data)

            findings.append(findings_item)

        left_out = d.pop("left_out")

        made_at = datetime.datetime.fromisoformat(d.pop("made_at"))

        drift_view = cls(
            complete=complete,
            findings=findings,
            left_out=left_out,
            made_at=made_at,
        )

        drift_view.additional_properties = d
        return drift_view

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
