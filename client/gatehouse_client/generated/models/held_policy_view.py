from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.held_policy_view_document_type_1 import HeldPolicyViewDocumentType1
    from ..models.policy_remains_view import PolicyRemainsView
    from ..models.why_policy_grant_view import WhyPolicyGrantView


T = TypeVar("T", bound="HeldPolicyView")


@_attrs_define
class HeldPolicyView:
    """An inline policy somebody has. `given_by_gatehouse` is false where IAM was seen to have it and no grant does.

    `document` is what was approved; null where nobody asked for it here. `as_approved` is false where IAM was seen to
    have another document under that name.

        Attributes:
            account (str):
            as_approved (bool | None):
            document (HeldPolicyViewDocumentType1 | None | str):
            given_by_gatehouse (bool):
            grants (list[WhyPolicyGrantView]):
            name (str):
            seen (bool | None):
            seen_at (datetime.datetime | None):
            without_it (PolicyRemainsView): What would be left. `until` is null where no other grant gives the policy, or
                one without an end does.
    """

    account: str
    as_approved: bool | None
    document: HeldPolicyViewDocumentType1 | None | str
    given_by_gatehouse: bool
    grants: list[WhyPolicyGrantView]
    name: str
    seen: bool | None
    seen_at: datetime.datetime | None
    without_it: PolicyRemainsView
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.held_policy_view_document_type_1 import (
            HeldPolicyViewDocumentType1,  # noqa: PLC0415
        )

        account = self.account

        as_approved: bool | None
        as_approved = self.as_approved

        document: dict[str, Any] | None | str
        if isinstance(self.document, HeldPolicyViewDocumentType1):
            document = self.document.to_dict()
        else:
            document = self.document

        given_by_gatehouse = self.given_by_gatehouse

        grants = []
        for grants_item_data in self.grants:
            grants_item = grants_item_data.to_dict()
            grants.append(grants_item)

        name = self.name

        seen: bool | None
        seen = self.seen

        seen_at: None | str
        if isinstance(self.seen_at, datetime.datetime):
            seen_at = self.seen_at.isoformat()
        else:
            seen_at = self.seen_at

        without_it = self.without_it.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "account": account,
                "as_approved": as_approved,
                "document": document,
                "given_by_gatehouse": given_by_gatehouse,
                "grants": grants,
                "name": name,
                "seen": seen,
                "seen_at": seen_at,
                "without_it": without_it,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.held_policy_view_document_type_1 import (
            HeldPolicyViewDocumentType1,  # noqa: PLC0415
        )
        from ..models.policy_remains_view import PolicyRemainsView  # noqa: PLC0415
        from ..models.why_policy_grant_view import WhyPolicyGrantView  # noqa: PLC0415

        d = dict(src_dict)
        account = d.pop("account")

        def _parse_as_approved(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        as_approved = _parse_as_approved(d.pop("as_approved"))

        def _parse_document(data: object) -> HeldPolicyViewDocumentType1 | None | str:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_1 = HeldPolicyViewDocumentType1.from_dict(data)

                return document_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(HeldPolicyViewDocumentType1 | None | str, data)

        document = _parse_document(d.pop("document"))

        given_by_gatehouse = d.pop("given_by_gatehouse")

        grants = []
        _grants = d.pop("grants")
        for grants_item_data in _grants:
            grants_item = WhyPolicyGrantView.from_dict(grants_item_data)

            grants.append(grants_item)

        name = d.pop("name")

        def _parse_seen(data: object) -> bool | None:
            if data is None:
                return data
            return cast(bool | None, data)

        seen = _parse_seen(d.pop("seen"))

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

        without_it = PolicyRemainsView.from_dict(d.pop("without_it"))

        held_policy_view = cls(
            account=account,
            as_approved=as_approved,
            document=document,
            given_by_gatehouse=given_by_gatehouse,
            grants=grants,
            name=name,
            seen=seen,
            seen_at=seen_at,
            without_it=without_it,
        )

        held_policy_view.additional_properties = d
        return held_policy_view

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
