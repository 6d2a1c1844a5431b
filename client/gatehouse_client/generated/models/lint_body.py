from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.lint_body_document_type_1 import LintBodyDocumentType1


T = TypeVar("T", bound="LintBody")


@_attrs_define
class LintBody:
    """A policy document: as an object, or as text, whose lines the findings then name.

    Attributes:
        document (LintBodyDocumentType1 | str):
    """

    document: LintBodyDocumentType1 | str

    def to_dict(self) -> dict[str, Any]:
        from ..models.lint_body_document_type_1 import LintBodyDocumentType1  # noqa: PLC0415

        document: dict[str, Any] | str
        if isinstance(self.document, LintBodyDocumentType1):
            document = self.document.to_dict()
        else:
            document = self.document

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "document": document,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.lint_body_document_type_1 import LintBodyDocumentType1  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_document(data: object) -> LintBodyDocumentType1 | str:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_1 = LintBodyDocumentType1.from_dict(data)

                return document_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LintBodyDocumentType1 | str, data)

        document = _parse_document(d.pop("document"))

        lint_body = cls(
            document=document,
        )

        return lint_body
