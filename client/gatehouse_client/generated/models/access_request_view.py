from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.decision_state import DecisionState
from ..models.kind import Kind
from ..models.provisioning import Provisioning

if TYPE_CHECKING:
    from ..models.access_request_view_change import AccessRequestViewChange
    from ..models.access_request_view_failure_type_0 import AccessRequestViewFailureType0
    from ..models.decision_view import DecisionView
    from ..models.plan_view import PlanView
    from ..models.ruling_view import RulingView


T = TypeVar("T", bound="AccessRequestView")


@_attrs_define
class AccessRequestView:
    """An access request.

    Attributes:
        account (str):
        applied_at (datetime.datetime | None):
        change (AccessRequestViewChange):
        created_at (datetime.datetime):
        decided_at (datetime.datetime | None):
        decision (DecisionState): What was decided about a request.
        decisions (list[DecisionView]):
        duration (None | str):
        emergency (bool):
        extends (None | str):
        failure (AccessRequestViewFailureType0 | None):
        grant_id (None | str):
        grant_ids (list[str]):
        id (str):
        kind (Kind): What an access request can wish for.
        lapses_at (datetime.datetime):
        plan (PlanView): The calls that remain, and the digest over the state they lead to.
        provisioning (Provisioning): How far the carrying out of a request has come.
        reason (str):
        requester (str):
        ruling (RulingView): What the approval rule says of a request.
        starts_at (datetime.datetime | None):
        user (str):
        version (int):
    """

    account: str
    applied_at: datetime.datetime | None
    change: AccessRequestViewChange
    created_at: datetime.datetime
    decided_at: datetime.datetime | None
    decision: DecisionState
    decisions: list[DecisionView]
    duration: None | str
    emergency: bool
    extends: None | str
    failure: AccessRequestViewFailureType0 | None
    grant_id: None | str
    grant_ids: list[str]
    id: str
    kind: Kind
    lapses_at: datetime.datetime
    plan: PlanView
    provisioning: Provisioning
    reason: str
    requester: str
    ruling: RulingView
    starts_at: datetime.datetime | None
    user: str
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.access_request_view_failure_type_0 import (
            AccessRequestViewFailureType0,  # noqa: PLC0415
        )

        account = self.account

        applied_at: None | str
        if isinstance(self.applied_at, datetime.datetime):
            applied_at = self.applied_at.isoformat()
        else:
            applied_at = self.applied_at

        change = self.change.to_dict()

        created_at = self.created_at.isoformat()

        decided_at: None | str
        if isinstance(self.decided_at, datetime.datetime):
            decided_at = self.decided_at.isoformat()
        else:
            decided_at = self.decided_at

        decision = self.decision.value

        decisions = []
        for decisions_item_data in self.decisions:
            decisions_item = decisions_item_data.to_dict()
            decisions.append(decisions_item)

        duration: None | str
        duration = self.duration

        emergency = self.emergency

        extends: None | str
        extends = self.extends

        failure: dict[str, Any] | None
        if isinstance(self.failure, AccessRequestViewFailureType0):
            failure = self.failure.to_dict()
        else:
            failure = self.failure

        grant_id: None | str
        grant_id = self.grant_id

        grant_ids = self.grant_ids

        id = self.id

        kind = self.kind.value

        lapses_at = self.lapses_at.isoformat()

        plan = self.plan.to_dict()

        provisioning = self.provisioning.value

        reason = self.reason

        requester = self.requester

        ruling = self.ruling.to_dict()

        starts_at: None | str
        if isinstance(self.starts_at, datetime.datetime):
            starts_at = self.starts_at.isoformat()
        else:
            starts_at = self.starts_at

        user = self.user

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "account": account,
                "applied_at": applied_at,
                "change": change,
                "created_at": created_at,
                "decided_at": decided_at,
                "decision": decision,
                "decisions": decisions,
                "duration": duration,
                "emergency": emergency,
                "extends": extends,
                "failure": failure,
                "grant_id": grant_id,
                "grant_ids": grant_ids,
                "id": id,
                "kind": kind,
                "lapses_at": lapses_at,
                "plan": plan,
                "provisioning": provisioning,
                "reason": reason,
                "requester": requester,
                "ruling": ruling,
                "starts_at": starts_at,
                "user": user,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.access_request_view_change import AccessRequestViewChange  # noqa: PLC0415
        from ..models.access_request_view_failure_type_0 import (
            AccessRequestViewFailureType0,  # noqa: PLC0415
        )
        from ..models.decision_view import DecisionView  # noqa: PLC0415
        from ..models.plan_view import PlanView  # noqa: PLC0415
        from ..models.ruling_view import RulingView  # noqa: PLC0415

        d = dict(src_dict)
        account = d.pop("account")

        def _parse_applied_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                applied_at_type_0 = datetime.datetime.fromisoformat(data)

                return applied_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        applied_at = _parse_applied_at(d.pop("applied_at"))

        change = AccessRequestViewChange.from_dict(d.pop("change"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_decided_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                decided_at_type_0 = datetime.datetime.fromisoformat(data)

                return decided_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        decided_at = _parse_decided_at(d.pop("decided_at"))

        decision = DecisionState(d.pop("decision"))

        decisions = []
        _decisions = d.pop("decisions")
        for decisions_item_data in _decisions:
            decisions_item = DecisionView.from_dict(decisions_item_data)

            decisions.append(decisions_item)

        def _parse_duration(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        duration = _parse_duration(d.pop("duration"))

        emergency = d.pop("emergency")

        def _parse_extends(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        extends = _parse_extends(d.pop("extends"))

        def _parse_failure(data: object) -> AccessRequestViewFailureType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                failure_type_0 = AccessRequestViewFailureType0.from_dict(data)

                return failure_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AccessRequestViewFailureType0 | None, data)

        failure = _parse_failure(d.pop("failure"))

        def _parse_grant_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        grant_id = _parse_grant_id(d.pop("grant_id"))

        grant_ids = cast(list[str], d.pop("grant_ids"))

        id = d.pop("id")

        kind = Kind(d.pop("kind"))

        lapses_at = datetime.datetime.fromisoformat(d.pop("lapses_at"))

        plan = PlanView.from_dict(d.pop("plan"))

        provisioning = Provisioning(d.pop("provisioning"))

        reason = d.pop("reason")

        requester = d.pop("requester")

        ruling = RulingView.from_dict(d.pop("ruling"))

        def _parse_starts_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                starts_at_type_0 = datetime.datetime.fromisoformat(data)

                return starts_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        starts_at = _parse_starts_at(d.pop("starts_at"))

        user = d.pop("user")

        version = d.pop("version")

        access_request_view = cls(
            account=account,
            applied_at=applied_at,
            change=change,
            created_at=created_at,
            decided_at=decided_at,
            decision=decision,
            decisions=decisions,
            duration=duration,
            emergency=emergency,
            extends=extends,
            failure=failure,
            grant_id=grant_id,
            grant_ids=grant_ids,
            id=id,
            kind=kind,
            lapses_at=lapses_at,
            plan=plan,
            provisioning=provisioning,
            reason=reason,
            requester=requester,
            ruling=ruling,
            starts_at=starts_at,
            user=user,
            version=version,
        )

        access_request_view.additional_properties = d
        return access_request_view

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
