from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.policy_put_document_type_1 import PolicyPutDocumentType1


T = TypeVar("T", bound="PolicyPut")


@_attrs_define
class PolicyPut:
    """Its new document; files `policy.update`.

    Attributes:
        document (PolicyPutDocumentType1 | str):
        description (None | str | Unset):
        reason (str | Unset):  Default: 'changed by PUT'.
    """

    document: PolicyPutDocumentType1 | str
    description: None | str | Unset = UNSET
    reason: str | Unset = "changed by PUT"

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_put_document_type_1 import PolicyPutDocumentType1  # noqa: PLC0415

        document: dict[str, Any] | str
        if isinstance(self.document, PolicyPutDocumentType1):
            document = self.document.to_dict()
        else:
            document = self.document

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        reason = self.reason

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "document": document,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_put_document_type_1 import PolicyPutDocumentType1  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_document(data: object) -> PolicyPutDocumentType1 | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_1 = PolicyPutDocumentType1.from_dict(data)

                return document_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(PolicyPutDocumentType1 | str, data)

        document = _parse_document(d.pop("document"))

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        reason = d.pop("reason", UNSET)

        policy_put = cls(
            document=document,
            description=description,
            reason=reason,
        )

        return policy_put
