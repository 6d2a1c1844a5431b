from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.webhook_body_events_item import WebhookBodyEventsItem

T = TypeVar("T", bound="WebhookBody")


@_attrs_define
class WebhookBody:
    """A new webhook.

    Attributes:
        events (list[WebhookBodyEventsItem]):
        url (str): https, to a public address, plainly written.
    """

    events: list[WebhookBodyEventsItem]
    url: str

    def to_dict(self) -> dict[str, Any]:
        events = []
        for events_item_data in self.events:
            events_item = events_item_data.value
            events.append(events_item)

        url = self.url

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "events": events,
                "url": url,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        events = []
        _events = d.pop("events")
        for events_item_data in _events:
            events_item = WebhookBodyEventsItem(events_item_data)

            events.append(events_item)

        url = d.pop("url")

        webhook_body = cls(
            events=events,
            url=url,
        )

        return webhook_body
