from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.policy_inline_body_document_type_1 import PolicyInlineBodyDocumentType1


T = TypeVar("T", bound="PolicyInlineBody")


@_attrs_define
class PolicyInlineBody:
    """What the policy is called, and its document: as an object, or as text, whose lines the findings then name.

    Attributes:
        document (PolicyInlineBodyDocumentType1 | str):
        name (str):
    """

    document: PolicyInlineBodyDocumentType1 | str
    name: str

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_inline_body_document_type_1 import (
            PolicyInlineBodyDocumentType1,  # noqa: PLC0415
        )

        document: dict[str, Any] | str
        if isinstance(self.document, PolicyInlineBodyDocumentType1):
            document = self.document.to_dict()
        else:
            document = self.document

        name = self.name

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "document": document,
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_inline_body_document_type_1 import (
            PolicyInlineBodyDocumentType1,  # noqa: PLC0415
        )

        d = dict(src_dict)

        def _parse_document(data: object) -> PolicyInlineBodyDocumentType1 | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_1 = PolicyInlineBodyDocumentType1.from_dict(data)

                return document_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(PolicyInlineBodyDocumentType1 | str, data)

        document = _parse_document(d.pop("document"))

        name = d.pop("name")

        policy_inline_body = cls(
            document=document,
            name=name,
        )

        return policy_inline_body
