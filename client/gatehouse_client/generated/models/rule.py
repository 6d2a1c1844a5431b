from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.rule_slack import RuleSlack
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.self_service import SelfService


T = TypeVar("T", bound="Rule")


@_attrs_define
class Rule:
    """Who must approve joining a group, for how long at most, and what else is asked.

    Attributes:
        approvers (list[str] | Unset):
        break_glass (list[str] | Unset):
        escalate_to (list[str] | Unset):
        max_duration (str | Unset):  Default: 'P30D'.
        remind_after (None | str | Unset):
        required_approvals (int | Unset):  Default: 1.
        requires_mfa (bool | Unset):  Default: False.
        self_service (None | SelfService | Unset):
        slack (RuleSlack | Unset):  Default: RuleSlack.NOTIFY.
    """

    approvers: list[str] | Unset = UNSET
    break_glass: list[str] | Unset = UNSET
    escalate_to: list[str] | Unset = UNSET
    max_duration: str | Unset = "P30D"
    remind_after: None | str | Unset = UNSET
    required_approvals: int | Unset = 1
    requires_mfa: bool | Unset = False
    self_service: None | SelfService | Unset = UNSET
    slack: RuleSlack | Unset = RuleSlack.NOTIFY

    def to_dict(self) -> dict[str, Any]:
        from ..models.self_service import SelfService  # noqa: PLC0415

        approvers: list[str] | Unset = UNSET
        if not isinstance(self.approvers, Unset):
            approvers = self.approvers

        break_glass: list[str] | Unset = UNSET
        if not isinstance(self.break_glass, Unset):
            break_glass = self.break_glass

        escalate_to: list[str] | Unset = UNSET
        if not isinstance(self.escalate_to, Unset):
            escalate_to = self.escalate_to

        max_duration = self.max_duration

        remind_after: None | str | Unset
        if isinstance(self.remind_after, Unset):
            remind_after = UNSET
        else:
            remind_after = self.remind_after

        required_approvals = self.required_approvals

        requires_mfa = self.requires_mfa

        self_service: dict[str, Any] | None | Unset
        if isinstance(self.self_service, Unset):
            self_service = UNSET
        elif isinstance(self.self_service, SelfService):
            self_service = self.self_service.to_dict()
        else:
            self_service = self.self_service

        slack: str | Unset = UNSET
        if not isinstance(self.slack, Unset):
            slack = self.slack.value

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if approvers is not UNSET:
            field_dict["approvers"] = approvers
        if break_glass is not UNSET:
            field_dict["break_glass"] = break_glass
        if escalate_to is not UNSET:
            field_dict["escalate_to"] = escalate_to
        if max_duration is not UNSET:
            field_dict["max_duration"] = max_duration
        if remind_after is not UNSET:
            field_dict["remind_after"] = remind_after
        if required_approvals is not UNSET:
            field_dict["required_approvals"] = required_approvals
        if requires_mfa is not UNSET:
            field_dict["requires_mfa"] = requires_mfa
        if self_service is not UNSET:
            field_dict["self_service"] = self_service
        if slack is not UNSET:
            field_dict["slack"] = slack

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.self_service import SelfService  # noqa: PLC0415

        d = dict(src_dict)
        approvers = cast(list[str], d.pop("approvers", UNSET))

        break_glass = cast(list[str], d.pop("break_glass", UNSET))

        escalate_to = cast(list[str], d.pop("escalate_to", UNSET))

        max_duration = d.pop("max_duration", UNSET)

        def _parse_remind_after(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        remind_after = _parse_remind_after(d.pop("remind_after", UNSET))

        required_approvals = d.pop("required_approvals", UNSET)

        requires_mfa = d.pop("requires_mfa", UNSET)

        def _parse_self_service(data: object) -> None | SelfService | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                self_service_type_0 = SelfService.from_dict(data)

                return self_service_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SelfService | Unset, data)

        self_service = _parse_self_service(d.pop("self_service", UNSET))

        _slack = d.pop("slack", UNSET)
        slack: RuleSlack | Unset
        if isinstance(_slack, Unset):
            slack = UNSET
        else:
            slack = RuleSlack(_slack)

        rule = cls(
            approvers=approvers,
            break_glass=break_glass,
            escalate_to=escalate_to,
            max_duration=max_duration,
            remind_after=remind_after,
            required_approvals=required_approvals,
            requires_mfa=requires_mfa,
            self_service=self_service,
            slack=slack,
        )

        return rule
