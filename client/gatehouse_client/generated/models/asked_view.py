from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.kind import Kind

T = TypeVar("T", bound="AskedView")


@_attrs_define
class AskedView:
    """The access request behind a grant.

    Attributes:
        created_at (datetime.datetime):
        decided_at (datetime.datetime | None):
        extends (None | str):
        id (str):
        kind (Kind): What an access request can wish for.
        reason (str):
        requester (str):
    """

    created_at: datetime.datetime
    decided_at: datetime.datetime | None
    extends: None | str
    id: str
    kind: Kind
    reason: str
    requester: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        decided_at: None | str
        if isinstance(self.decided_at, datetime.datetime):
            decided_at = self.decided_at.isoformat()
        else:
            decided_at = self.decided_at

        extends: None | str
        extends = self.extends

        id = self.id

        kind = self.kind.value

        reason = self.reason

        requester = self.requester

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "decided_at": decided_at,
                "extends": extends,
                "id": id,
                "kind": kind,
                "reason": reason,
                "requester": requester,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_decided_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                decided_at_type_0 = datetime.datetime.fromisoformat(data)

                return decided_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        decided_at = _parse_decided_at(d.pop("decided_at"))

        def _parse_extends(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        extends = _parse_extends(d.pop("extends"))

        id = d.pop("id")

        kind = Kind(d.pop("kind"))

        reason = d.pop("reason")

        requester = d.pop("requester")

        asked_view = cls(
            created_at=created_at,
            decided_at=decided_at,
            extends=extends,
            id=id,
            kind=kind,
            reason=reason,
            requester=requester,
        )

        asked_view.additional_properties = d
        return asked_view

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
