from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.kept_view import KeptView


T = TypeVar("T", bound="RemainsView")


@_attrs_define
class RemainsView:
    """What would be left. `until` is null where nothing keeps the membership, or something without an end does.

    Attributes:
        by_grants (list[str]):
        in_group (bool):
        policies_kept (list[KeptView]):
        policies_lost (list[str]):
        until (datetime.datetime | None):
    """

    by_grants: list[str]
    in_group: bool
    policies_kept: list[KeptView]
    policies_lost: list[str]
    until: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        by_grants = self.by_grants

        in_group = self.in_group

        policies_kept = []
        for policies_kept_item_data in self.policies_kept:
            policies_kept_item = policies_kept_item_data.to_dict()
            policies_kept.append(policies_kept_item)

        policies_lost = self.policies_lost

        until: None | str
        if isinstance(self.until, datetime.datetime):
            until = self.until.isoformat()
        else:
            until = self.until

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "by_grants": by_grants,
                "in_group": in_group,
                "policies_kept": policies_kept,
                "policies_lost": policies_lost,
                "until": until,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.kept_view import KeptView  # noqa: PLC0415

        d = dict(src_dict)
        by_grants = cast(list[str], d.pop("by_grants"))

        in_group = d.pop("in_group")

        policies_kept = []
        _policies_kept = d.pop("policies_kept")
        for policies_kept_item_data in _policies_kept:
            policies_kept_item = KeptView.from_dict(policies_kept_item_data)

            policies_kept.append(policies_kept_item)

        policies_lost = cast(list[str], d.pop("policies_lost"))

        def _parse_until(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_type_0 = datetime.datetime.fromisoformat(data)

                return until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        until = _parse_until(d.pop("until"))

        remains_view = cls(
            by_grants=by_grants,
            in_group=in_group,
            policies_kept=policies_kept,
            policies_lost=policies_lost,
            until=until,
        )

        remains_view.additional_properties = d
        return remains_view

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
