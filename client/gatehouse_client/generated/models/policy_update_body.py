from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.policy_update_body_document_type_1 import PolicyUpdateBodyDocumentType1


T = TypeVar("T", bound="PolicyUpdateBody")


@_attrs_define
class PolicyUpdateBody:
    """Its new document. The description stays what it was made with.

    Attributes:
        document (PolicyUpdateBodyDocumentType1 | str):
        name (str):
        description (None | str | Unset):
    """

    document: PolicyUpdateBodyDocumentType1 | str
    name: str
    description: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_update_body_document_type_1 import (
            PolicyUpdateBodyDocumentType1,  # noqa: PLC0415
        )

        document: dict[str, Any] | str
        if isinstance(self.document, PolicyUpdateBodyDocumentType1):
            document = self.document.to_dict()
        else:
            document = self.document

        name = self.name

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "document": document,
                "name": name,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_update_body_document_type_1 import (
            PolicyUpdateBodyDocumentType1,  # noqa: PLC0415
        )

        d = dict(src_dict)

        def _parse_document(data: object) -> PolicyUpdateBodyDocumentType1 | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_1 = PolicyUpdateBodyDocumentType1.from_dict(data)

                return document_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(PolicyUpdateBodyDocumentType1 | str, data)

        document = _parse_document(d.pop("document"))

        name = d.pop("name")

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        policy_update_body = cls(
            document=document,
            name=name,
            description=description,
        )

        return policy_update_body
