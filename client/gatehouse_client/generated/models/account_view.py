from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AccountView")


@_attrs_define
class AccountView:
    """An AWS account. Its `id` is the `account` of a request; the times are of the first setup and import.

    Attributes:
        aws_account_id (None | str):
        id (str):
        imported_at (datetime.datetime | None):
        name (str):
        partition (str):
        setup_at (datetime.datetime | None):
    """

    aws_account_id: None | str
    id: str
    imported_at: datetime.datetime | None
    name: str
    partition: str
    setup_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        aws_account_id: None | str
        aws_account_id = self.aws_account_id

        id = self.id

        imported_at: None | str
        if isinstance(self.imported_at, datetime.datetime):
            imported_at = self.imported_at.isoformat()
        else:
            imported_at = self.imported_at

        name = self.name

        partition = self.partition

        setup_at: None | str
        if isinstance(self.setup_at, datetime.datetime):
            setup_at = self.setup_at.isoformat()
        else:
            setup_at = self.setup_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "aws_account_id": aws_account_id,
                "id": id,
                "imported_at": imported_at,
                "name": name,
                "partition": partition,
                "setup_at": setup_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_aws_account_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        aws_account_id = _parse_aws_account_id(d.pop("aws_account_id"))

        id = d.pop("id")

        def _parse_imported_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                imported_at_type_0 = datetime.datetime.fromisoformat(data)

                return imported_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        imported_at = _parse_imported_at(d.pop("imported_at"))

        name = d.pop("name")

        partition = d.pop("partition")

        def _parse_setup_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                setup_at_type_0 = datetime.datetime.fromisoformat(data)

                return setup_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        setup_at = _parse_setup_at(d.pop("setup_at"))

        account_view = cls(
            aws_account_id=aws_account_id,
            id=id,
            imported_at=imported_at,
            name=name,
            partition=partition,
            setup_at=setup_at,
        )

        account_view.additional_properties = d
        return account_view

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
