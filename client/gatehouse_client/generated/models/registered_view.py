from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.access_request_view import AccessRequestView
    from ..models.user_view import UserView


T = TypeVar("T", bound="RegisteredView")


@_attrs_define
class RegisteredView:
    """The new user, and what was asked for along with it.

    Attributes:
        access_requests (list[AccessRequestView]):
        user (UserView): A lab member or a service. `iam` is true when IAM was seen to have the user.
    """

    access_requests: list[AccessRequestView]
    user: UserView
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        access_requests = []
        for access_requests_item_data in self.access_requests:
            access_requests_item = access_requests_item_data.to_dict()
            access_requests.append(access_requests_item)

        user = self.user.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "access_requests": access_requests,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.access_request_view import AccessRequestView  # noqa: PLC0415
        from ..models.user_view import UserView  # noqa: PLC0415

        d = dict(src_dict)
        access_requests = []
        _access_requests = d.pop("access_requests")
        for access_requests_item_data in _access_requests:
            access_requests_item = AccessRequestView.from_dict(access_requests_item_data)

            access_requests.append(access_requests_item)

        user = UserView.from_dict(d.pop("user"))

        registered_view = cls(
            access_requests=access_requests,
            user=user,
        )

        registered_view.additional_properties = d
        return registered_view

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
