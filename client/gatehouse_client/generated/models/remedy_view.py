from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.remedy_view_body_type_0 import RemedyViewBodyType0


T = TypeVar("T", bound="RemedyView")


@_attrs_define
class RemedyView:
    """What can be done about a finding; where `method` is given, a call that is ready to be sent.

    Attributes:
        body (None | RemedyViewBodyType0):
        method (None | str):
        path (None | str):
        text (str):
    """

    body: None | RemedyViewBodyType0
    method: None | str
    path: None | str
    text: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.remedy_view_body_type_0 import RemedyViewBodyType0  # noqa: PLC0415

        body: dict[str, Any] | None
        if isinstance(self.body, RemedyViewBodyType0):
            body = self.body.to_dict()
        else:
            body = self.body

        method: None | str
        method = self.method

        path: None | str
        path = self.path

        text = self.text

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "body": body,
                "method": method,
                "path": path,
                "text": text,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.remedy_view_body_type_0 import RemedyViewBodyType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_body(data: object) -> None | RemedyViewBodyType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                body_type_0 = RemedyViewBodyType0.from_dict(data)

                return body_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RemedyViewBodyType0, data)

        body = _parse_body(d.pop("body"))

        def _parse_method(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        method = _parse_method(d.pop("method"))

        def _parse_path(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        path = _parse_path(d.pop("path"))

        text = d.pop("text")

        remedy_view = cls(
            body=body,
            method=method,
            path=path,
            text=text,
        )

        remedy_view.additional_properties = d
        return remedy_view

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
