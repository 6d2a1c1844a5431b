from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.finding_view_severity import FindingViewSeverity

if TYPE_CHECKING:
    from ..models.finding_view_evidence import FindingViewEvidence
    from ..models.remedy_view import RemedyView


T = TypeVar("T", bound="FindingView")


@_attrs_define
class FindingView:
    """One thing that is not as it should be.

    Attributes:
        account (str):
        evidence (FindingViewEvidence):
        kind (str):
        remedy (RemedyView): What can be done about a finding; where `method` is given, a call that is ready to be sent.
        severity (FindingViewSeverity):
        subject (str):
    """

    account: str
    evidence: FindingViewEvidence
    kind: str
    remedy: RemedyView
    severity: FindingViewSeverity
    subject: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        account = self.account

        evidence = self.evidence.to_dict()

        kind = self.kind

        remedy = self.remedy.to_dict()

        severity = self.severity.value

        subject = self.subject

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "account": account,
                "evidence": evidence,
                "kind": kind,
                "remedy": remedy,
                "severity": severity,
                "subject": subject,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.finding_view_evidence import FindingViewEvidence  # noqa: PLC0415
        from ..models.remedy_view import RemedyView  # noqa: PLC0415

        d = dict(src_dict)
        account = d.pop("account")

        evidence = FindingViewEvidence.from_dict(d.pop("evidence"))

        kind = d.pop("kind")

        remedy = RemedyView.from_dict(d.pop("remedy"))

        severity = FindingViewSeverity(d.pop("severity"))

        subject = d.pop("subject")

        finding_view = cls(
            account=account,
            evidence=evidence,
            kind=kind,
            remedy=remedy,
            severity=severity,
            subject=subject,
        )

        finding_view.additional_properties = d
        return finding_view

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
