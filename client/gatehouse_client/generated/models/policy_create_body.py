from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.policy_create_body_document_type_1 import PolicyCreateBodyDocumentType1


T = TypeVar("T", bound="PolicyCreateBody")


@_attrs_define
class PolicyCreateBody:
    """A new policy of the lab's own.

    Attributes:
        document (PolicyCreateBodyDocumentType1 | str):
        name (str):
        description (str | Unset):  Default: ''.
    """

    document: PolicyCreateBodyDocumentType1 | str
    name: str
    description: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_create_body_document_type_1 import (
            PolicyCreateBodyDocumentType1,  # noqa: PLC0415
        )

        document: dict[str, Any] | str
        if isinstance(self.document, PolicyCreateBodyDocumentType1):
            document = self.document.to_dict()
        else:
            document = self.document

        name = self.name

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
        from ..models.policy_create_body_document_type_1 import (
            PolicyCreateBodyDocumentType1,  # noqa: PLC0415
        )

        d = dict(src_dict)

        def _parse_document(data: object) -> PolicyCreateBodyDocumentType1 | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_1 = PolicyCreateBodyDocumentType1.from_dict(data)

                return document_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(PolicyCreateBodyDocumentType1 | str, data)

        document = _parse_document(d.pop("document"))

        name = d.pop("name")

        description = d.pop("description", UNSET)

        policy_create_body = cls(
            document=document,
            name=name,
            description=description,
        )

        return policy_create_body
