from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.severity import Severity

if TYPE_CHECKING:
    from ..models.lint_finding_view_scoped_form_type_0 import (
        LintFindingViewScopedFormType0,
    )


T = TypeVar("T", bound="LintFindingView")


@_attrs_define
class LintFindingView:
    """One thing about a policy document. `line` counts from 1; `scoped_form` is a statement to put in its place.

    Attributes:
        code (str):
        evidence (str):
        line (int):
        reason (str):
        remedy (None | str):
        scoped_form (LintFindingViewScopedFormType0 | None):
        severity (Severity): How bad a finding is; worst first.
        subject (str):
    """

    code: str
    evidence: str
    line: int
    reason: str
    remedy: None | str
    scoped_form: LintFindingViewScopedFormType0 | None
    severity: Severity
    subject: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.lint_finding_view_scoped_form_type_0 import (
            LintFindingViewScopedFormType0,  # noqa: PLC0415
        )

        code = self.code

        evidence = self.evidence

        line = self.line

        reason = self.reason

        remedy: None | str
        remedy = self.remedy

        scoped_form: dict[str, Any] | None
        if isinstance(self.scoped_form, LintFindingViewScopedFormType0):
            scoped_form = self.scoped_form.to_dict()
        else:
            scoped_form = self.scoped_form

        severity = self.severity.value

        subject = self.subject

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "evidence": evidence,
                "line": line,
                "reason": reason,
                "remedy": remedy,
                "scoped_form": scoped_form,
                "severity": severity,
                "subject": subject,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lint_finding_view_scoped_form_type_0 import (
            LintFindingViewScopedFormType0,  # noqa: PLC0415
        )

        d = dict(src_dict)
        code = d.pop("code")

        evidence = d.pop("evidence")

        line = d.pop("line")

        reason = d.pop("reason")

        def _parse_remedy(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        remedy = _parse_remedy(d.pop("remedy"))

        def _parse_scoped_form(data: object) -> LintFindingViewScopedFormType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                scoped_form_type_0 = LintFindingViewScopedFormType0.from_dict(data)

                return scoped_form_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LintFindingViewScopedFormType0 | None, data)

        scoped_form = _parse_scoped_form(d.pop("scoped_form"))

        severity = Severity(d.pop("severity"))

        subject = d.pop("subject")

        lint_finding_view = cls(
            code=code,
            evidence=evidence,
            line=line,
            reason=reason,
            remedy=remedy,
            scoped_form=scoped_form,
            severity=severity,
            subject=subject,
        )

        lint_finding_view.additional_properties = d
        return lint_finding_view

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
