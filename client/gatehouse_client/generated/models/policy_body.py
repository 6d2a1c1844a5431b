from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.policy_body_document_type_1 import PolicyBodyDocumentType1


T = TypeVar("T", bound="PolicyBody")


@_attrs_define
class PolicyBody:
    """A new policy of the lab's own; files `policy.create`.

    Attributes:
        document (PolicyBodyDocumentType1 | str):
        name (str):
        description (str | Unset):  Default: ''.
        reason (str | Unset):  Default: 'asked by POST'.
    """

    document: PolicyBodyDocumentType1 | str
    name: str
    description: str | Unset = ""
    reason: str | Unset = "asked by POST"

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_body_document_type_1 import PolicyBodyDocumentType1  # noqa: PLC0415

        document: dict[str, Any] | str
        if isinstance(self.document, PolicyBodyDocumentType1):
            document = self.document.to_dict()
        else:
            document = self.document

        name = self.name

        description = self.description

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "document": document,
                "name": name,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_body_document_type_1 import PolicyBodyDocumentType1  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_document(data: object) -> PolicyBodyDocumentType1 | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_1 = PolicyBodyDocumentType1.from_dict(data)

                return document_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(PolicyBodyDocumentType1 | str, data)

        document = _parse_document(d.pop("document"))

        name = d.pop("name")

        description = d.pop("description", UNSET)

        reason = d.pop("reason", UNSET)

        policy_body = cls(
            document=document,
            name=name,
            description=description,
            reason=reason,
        )

        return policy_body
