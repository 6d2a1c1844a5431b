from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.remains_view import RemainsView
    from ..models.why_grant_view import WhyGrantView


T = TypeVar("T", bound="HeldView")


@_attrs_define
class HeldView:
    """A group somebody holds. `given_by_gatehouse` is false where IAM was seen to have it and no grant does.

    Attributes:
        account (str):
        given_by_gatehouse (bool):
        grants (list[WhyGrantView]):
        group (str):
        policies (list[str]):
        seen (bool | None):
        seen_at (datetime.datetime | None):
        without_it (RemainsView): What would be left. `until` is null where nothing keeps the membership, or something
            without an end does.
    """

    account: str
    given_by_gatehouse: bool
    grants: list[WhyGrantView]
    group: str
    policies: list[str]
    seen: bool | None
    seen_at: datetime.datetime | None
    without_it: RemainsView
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        account = self.account

        given_by_gatehouse = self.given_by_gatehouse

        grants = []
        for grants_item_data in self.grants:
            grants_item = grants_item_data.to_dict()
            grants.append(grants_item)

        group = self.group

        policies = self.policies

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
                "given_by_gatehouse": given_by_gatehouse,
                "grants": grants,
                "group": group,
                "policies": policies,
                "seen": seen,
                "seen_at": seen_at,
                "without_it": without_it,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.remains_view import RemainsView  # noqa: PLC0415
        from ..models.why_grant_view import WhyGrantView  # noqa: PLC0415

        d = dict(src_dict)
        account = d.pop("account")

        given_by_gatehouse = d.pop("given_by_gatehouse")

        grants = []
        _grants = d.pop("grants")
        for grants_item_data in _grants:
            grants_item = WhyGrantView.from_dict(grants_item_data)

            grants.append(grants_item)

        group = d.pop("group")

        policies = cast(list[str], d.pop("policies"))

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

        without_it = RemainsView.from_dict(d.pop("without_it"))

        held_view = cls(
            account=account,
            given_by_gatehouse=given_by_gatehouse,
            grants=grants,
            group=group,
            policies=policies,
            seen=seen,
            seen_at=seen_at,
            without_it=without_it,
        )

        held_view.additional_properties = d
        return held_view

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
