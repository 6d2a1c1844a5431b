from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="SlackLinkBody")


@_attrs_define
class SlackLinkBody:
    """What Slack answered to `/access link`.

    Attributes:
        code (str):
        slack_user_id (str):
    """

    code: str
    slack_user_id: str

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        slack_user_id = self.slack_user_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "code": code,
                "slack_user_id": slack_user_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        code = d.pop("code")

        slack_user_id = d.pop("slack_user_id")

        slack_link_body = cls(
            code=code,
            slack_user_id=slack_user_id,
        )

        return slack_link_body
