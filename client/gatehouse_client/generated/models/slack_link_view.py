from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="SlackLinkView")


@_attrs_define
class SlackLinkView:
    """A person and their Slack account.

    Attributes:
        linked_at (datetime.datetime):
        may_decide (bool):
        slack_name (str):
        slack_user_id (str):
        team_id (str):
        user (str):
    """

    linked_at: datetime.datetime
    may_decide: bool
    slack_name: str
    slack_user_id: str
    team_id: str
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        linked_at = self.linked_at.isoformat()

        may_decide = self.may_decide

        slack_name = self.slack_name

        slack_user_id = self.slack_user_id

        team_id = self.team_id

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "linked_at": linked_at,
                "may_decide": may_decide,
                "slack_name": slack_name,
                "slack_user_id": slack_user_id,
                "team_id": team_id,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        linked_at = datetime.datetime.fromisoformat(d.pop("linked_at"))

        may_decide = d.pop("may_decide")

        slack_name = d.pop("slack_name")

        slack_user_id = d.pop("slack_user_id")

        team_id = d.pop("team_id")

        user = d.pop("user")

        slack_link_view = cls(
            linked_at=linked_at,
            may_decide=may_decide,
            slack_name=slack_name,
            slack_user_id=slack_user_id,
            team_id=team_id,
            user=user,
        )

        slack_link_view.additional_properties = d
        return slack_link_view

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
