from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.finding_view import FindingView


T = TypeVar("T", bound="ImportView")


@_attrs_define
class ImportView:
    """What an import came to. The first one takes over what it finds; a later one changes nothing.

    Attributes:
        account (str):
        aws_account_id (str):
        calls (int):
        differences (list[FindingView]):
        findings (list[FindingView]):
        first (bool):
        groups (int):
        left_out (int):
        memberships (int):
        users (int):
    """

    account: str
    aws_account_id: str
    calls: int
    differences: list[FindingView]
    findings: list[FindingView]
    first: bool
    groups: int
    left_out: int
    memberships: int
    users: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        account = self.account

        aws_account_id = self.aws_account_id

        calls = self.calls

        differences = []
        for differences_item_data in self.differences:
            differences_item = differences_item_data.to_dict()
            differences.append(differences_item)

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        first = self.first

        groups = self.groups

        left_out = self.left_out

        memberships = self.memberships

        users = self.users

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "account": account,
                "aws_account_id": aws_account_id,
                "calls": calls,
                "differences": differences,
                "findings": findings,
                "first": first,
                "groups": groups,
                "left_out": left_out,
                "memberships": memberships,
                "users": users,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.finding_view import FindingView  # noqa: PLC0415

        d = dict(src_dict)
        account = d.pop("account")

        aws_account_id = d.pop("aws_account_id")

        calls = d.pop("calls")

        differences = []
        _differences = d.pop("differences")
        for differences_item_data in _differences:
            differences_item = FindingView.from_dict(differences_item_data)

            differences.append(differences_item)

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = FindingView.from_dict(findings_item_data)

            findings.append(findings_item)

        first = d.pop("first")

        groups = d.pop("groups")

        left_out = d.pop("left_out")

        memberships = d.pop("memberships")

        users = d.pop("users")

        import_view = cls(
            account=account,
            aws_account_id=aws_account_id,
            calls=calls,
            differences=differences,
            findings=findings,
            first=first,
            groups=groups,
            left_out=left_out,
            memberships=memberships,
            users=users,
        )

        import_view.additional_properties = d
        return import_view

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
