from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.disabled import Disabled

T = TypeVar("T", bound="WebhookView")


@_attrs_define
class WebhookView:
    """A webhook. `failing_since` is when a delivery first failed after the last that worked.

    Attributes:
        created_at (datetime.datetime):
        disabled_at (datetime.datetime | None):
        disabled_why (Disabled | None):
        enabled (bool):
        events (list[str]):
        failing_since (datetime.datetime | None):
        id (str):
        old_secret_ends_at (datetime.datetime | None):
        owner (str):
        url (str):
        version (int):
    """

    created_at: datetime.datetime
    disabled_at: datetime.datetime | None
    disabled_why: Disabled | None
    enabled: bool
    events: list[str]
    failing_since: datetime.datetime | None
    id: str
    old_secret_ends_at: datetime.datetime | None
    owner: str
    url: str
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        disabled_at: None | str
        if isinstance(self.disabled_at, datetime.datetime):
            disabled_at = self.disabled_at.isoformat()
        else:
            disabled_at = self.disabled_at

        disabled_why: None | str
        if isinstance(self.disabled_why, Disabled):
            disabled_why = self.disabled_why.value
        else:
            disabled_why = self.disabled_why

        enabled = self.enabled

        events = self.events

        failing_since: None | str
        if isinstance(self.failing_since, datetime.datetime):
            failing_since = self.failing_since.isoformat()
        else:
            failing_since = self.failing_since

        id = self.id

        old_secret_ends_at: None | str
        if isinstance(self.old_secret_ends_at, datetime.datetime):
            old_secret_ends_at = self.old_secret_ends_at.isoformat()
        else:
            old_secret_ends_at = self.old_secret_ends_at

        owner = self.owner

        url = self.url

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "disabled_at": disabled_at,
                "disabled_why": disabled_why,
                "enabled": enabled,
                "events": events,
                "failing_since": failing_since,
                "id": id,
                "old_secret_ends_at": old_secret_ends_at,
                "owner": owner,
                "url": url,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_disabled_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_at_type_0 = datetime.datetime.fromisoformat(data)

                return disabled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        disabled_at = _parse_disabled_at(d.pop("disabled_at"))

        def _parse_disabled_why(data: object) -> Disabled | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_why_type_0 = Disabled(data)

                return disabled_why_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Disabled | None, data)

        disabled_why = _parse_disabled_why(d.pop("disabled_why"))

        enabled = d.pop("enabled")

        events = cast(list[str], d.pop("events"))

        def _parse_failing_since(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                failing_since_type_0 = datetime.datetime.fromisoformat(data)

                return failing_since_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        failing_since = _parse_failing_since(d.pop("failing_since"))

        id = d.pop("id")

        def _parse_old_secret_ends_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                old_secret_ends_at_type_0 = datetime.datetime.fromisoformat(data)

                return old_secret_ends_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        old_secret_ends_at = _parse_old_secret_ends_at(d.pop("old_secret_ends_at"))

        owner = d.pop("owner")

        url = d.pop("url")

        version = d.pop("version")

        webhook_view = cls(
            created_at=created_at,
            disabled_at=disabled_at,
            disabled_why=disabled_why,
            enabled=enabled,
            events=events,
            failing_since=failing_since,
            id=id,
            old_secret_ends_at=old_secret_ends_at,
            owner=owner,
            url=url,
            version=version,
        )

        webhook_view.additional_properties = d
        return webhook_view

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
