from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.policy_version_view import PolicyVersionView
    from ..models.policy_view_document_type_0 import PolicyViewDocumentType0


T = TypeVar("T", bound="PolicyView")


@_attrs_define
class PolicyView:
    """A managed policy of the lab's own. `document` is null where nobody has read it; `version` is the one it is of.

    Attributes:
        arn (str):
        description (str):
        document (None | PolicyViewDocumentType0):
        groups (list[str]):
        name (str):
        others (list[str]):
        version (int):
        versions (list[PolicyVersionView]):
    """

    arn: str
    description: str
    document: None | PolicyViewDocumentType0
    groups: list[str]
    name: str
    others: list[str]
    version: int
    versions: list[PolicyVersionView]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_view_document_type_0 import PolicyViewDocumentType0  # noqa: PLC0415

        arn = self.arn

        description = self.description

        document: dict[str, Any] | None
        if isinstance(self.document, PolicyViewDocumentType0):
            document = self.document.to_dict()
        else:
            document = self.document

        groups = self.groups

        name = self.name

        others = self.others

        version = self.version

        versions = []
        for versions_item_data in self.versions:
            versions_item = versions_item_data.to_dict()
            versions.append(versions_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "arn": arn,
                "description": description,
                "document": document,
                "groups": groups,
                "name": name,
                "others": others,
                "version": version,
                "versions": versions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_version_view import PolicyVersionView  # noqa: PLC0415
        from ..models.policy_view_document_type_0 import PolicyViewDocumentType0  # noqa: PLC0415

        d = dict(src_dict)
        arn = d.pop("arn")

        description = d.pop("description")

        def _parse_document(data: object) -> None | PolicyViewDocumentType0:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                document_type_0 = PolicyViewDocumentType0.from_dict(data)

                return document_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PolicyViewDocumentType0, data)

        document = _parse_document(d.pop("document"))

        groups = cast(list[str], d.pop("groups"))

        name = d.pop("name")

        others = cast(list[str], d.pop("others"))

        version = d.pop("version")

        versions = []
        _versions = d.pop("versions")
        for versions_item_data in _versions:
            versions_item = PolicyVersionView.from_dict(versions_item_data)

            versions.append(versions_item)

        policy_view = cls(
            arn=arn,
            description=description,
            document=document,
            groups=groups,
            name=name,
            others=others,
            version=version,
            versions=versions,
        )

        policy_view.additional_properties = d
        return policy_view

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
