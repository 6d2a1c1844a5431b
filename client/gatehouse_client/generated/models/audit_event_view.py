from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.audit_event_view_data import AuditEventViewData


T = TypeVar("T", bound="AuditEventView")


@_attrs_define
class AuditEventView:
    """One event of the audit.

    Attributes:
        access_request_id (None | str):
        actor (str):
        at (datetime.datetime):
        channel (None | str):
        data (AuditEventViewData):
        event (str):
        id (str):
        on_behalf_of (None | str):
        request_id (None | str):
        seq (int):
        subject (None | str):
    """

    access_request_id: None | str
    actor: str
    at: datetime.datetime
    channel: None | str
    data: AuditEventViewData
    event: str
    id: str
    on_behalf_of: None | str
    request_id: None | str
    seq: int
    subject: None | str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        access_request_id: None | str
        access_request_id = self.access_request_id

        actor = self.actor

        at = self.at.isoformat()

        channel: None | str
        channel = self.channel

        data = self.data.to_dict()

        event = self.event

        id = self.id

        on_behalf_of: None | str
        on_behalf_of = self.on_behalf_of

        request_id: None | str
        request_id = self.request_id

        seq = self.seq

        subject: None | str
        subject = self.subject

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "access_request_id": access_request_id,
                "actor": actor,
                "at": at,
                "channel": channel,
                "data": data,
                "event": event,
                "id": id,
                "on_behalf_of": on_behalf_of,
                "request_id": request_id,
                "seq": seq,
                "subject": subject,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.audit_event_view_data import AuditEventViewData  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_access_request_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        access_request_id = _parse_access_request_id(d.pop("access_request_id"))

        actor = d.pop("actor")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_channel(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        channel = _parse_channel(d.pop("channel"))

        data = AuditEventViewData.from_dict(d.pop("data"))

        event = d.pop("event")

        id = d.pop("id")

        def _parse_on_behalf_of(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        on_behalf_of = _parse_on_behalf_of(d.pop("on_behalf_of"))

        def _parse_request_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        request_id = _parse_request_id(d.pop("request_id"))

        seq = d.pop("seq")

        def _parse_subject(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        subject = _parse_subject(d.pop("subject"))

        audit_event_view = cls(
            access_request_id=access_request_id,
            actor=actor,
            at=at,
            channel=channel,
            data=data,
            event=event,
            id=id,
            on_behalf_of=on_behalf_of,
            request_id=request_id,
            seq=seq,
            subject=subject,
        )

        audit_event_view.additional_properties = d
        return audit_event_view

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
