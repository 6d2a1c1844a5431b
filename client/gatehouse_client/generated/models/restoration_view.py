from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.restoration_view_state import RestorationViewState

if TYPE_CHECKING:
    from ..models.confirmation_view import ConfirmationView
    from ..models.drift_view import DriftView


T = TypeVar("T", bound="RestorationView")


@_attrs_define
class RestorationView:
    """A restored backup. While it is open only removals are carried out.

    Attributes:
        anchor_at (datetime.datetime | None):
        anchor_seq (int | None):
        confirmations (list[ConfirmationView]):
        head_seq (int):
        id (str):
        noticed_at (datetime.datetime):
        report (DriftView | None):
        state (RestorationViewState):
        why (str):
    """

    anchor_at: datetime.datetime | None
    anchor_seq: int | None
    confirmations: list[ConfirmationView]
    head_seq: int
    id: str
    noticed_at: datetime.datetime
    report: DriftView | None
    state: RestorationViewState
    why: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.drift_view import DriftView  # noqa: PLC0415

        anchor_at: None | str
        if isinstance(self.anchor_at, datetime.datetime):
            anchor_at = self.anchor_at.isoformat()
        else:
            anchor_at = self.anchor_at

        anchor_seq: int | None
        anchor_seq = self.anchor_seq

        confirmations = []
        for confirmations_item_data in self.confirmations:
            confirmations_item = confirmations_item_data.to_dict()
            confirmations.append(confirmations_item)

        head_seq = self.head_seq

        id = self.id

        noticed_at = self.noticed_at.isoformat()

        report: dict[str, Any] | None
        if isinstance(self.report, DriftView):
            report = self.report.to_dict()
        else:
            report = self.report

        state = self.state.value

        why = self.why

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "anchor_at": anchor_at,
                "anchor_seq": anchor_seq,
                "confirmations": confirmations,
                "head_seq": head_seq,
                "id": id,
                "noticed_at": noticed_at,
                "report": report,
                "state": state,
                "why": why,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.confirmation_view import ConfirmationView  # noqa: PLC0415
        from ..models.drift_view import DriftView  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_anchor_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                anchor_at_type_0 = datetime.datetime.fromisoformat(data)

                return anchor_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        anchor_at = _parse_anchor_at(d.pop("anchor_at"))

        def _parse_anchor_seq(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        anchor_seq = _parse_anchor_seq(d.pop("anchor_seq"))

        confirmations = []
        _confirmations = d.pop("confirmations")
        for confirmations_item_data in _confirmations:
            confirmations_item = ConfirmationView.from_dict(confirmations_item_data)

            confirmations.append(confirmations_item)

        head_seq = d.pop("head_seq")

        id = d.pop("id")

        noticed_at = datetime.datetime.fromisoformat(d.pop("noticed_at"))

        def _parse_report(data: object) -> DriftView | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                report_type_0 = DriftView.from_dict(data)

                return report_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DriftView | None, data)

        report = _parse_report(d.pop("report"))

        state = RestorationViewState(d.pop("state"))

        why = d.pop("why")

        restoration_view = cls(
            anchor_at=anchor_at,
            anchor_seq=anchor_seq,
            confirmations=confirmations,
            head_seq=head_seq,
            id=id,
            noticed_at=noticed_at,
            report=report,
            state=state,
            why=why,
        )

        restoration_view.additional_properties = d
        return restoration_view

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
