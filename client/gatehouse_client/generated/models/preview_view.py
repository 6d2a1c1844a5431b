from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.kind import Kind

if TYPE_CHECKING:
    from ..models.plan_view import PlanView
    from ..models.preview_view_change import PreviewViewChange
    from ..models.refusal_view import RefusalView
    from ..models.ruling_view import RulingView


T = TypeVar("T", bound="PreviewView")


@_attrs_define
class PreviewView:
    """What asking would answer; nothing is stored.

    Attributes:
        account (str):
        change (PreviewViewChange):
        duration (None | str):
        kind (Kind): What an access request can wish for.
        plan (PlanView): The calls that remain, and the digest over the state they lead to.
        refusals (list[RefusalView]):
        requester (str):
        ruling (RulingView): What the approval rule says of a request.
        user (str):
    """

    account: str
    change: PreviewViewChange
    duration: None | str
    kind: Kind
    plan: PlanView
    refusals: list[RefusalView]
    requester: str
    ruling: RulingView
    user: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        account = self.account

        change = self.change.to_dict()

        duration: None | str
        duration = self.duration

        kind = self.kind.value

        plan = self.plan.to_dict()

        refusals = []
        for refusals_item_data in self.refusals:
            refusals_item = refusals_item_data.to_dict()
            refusals.append(refusals_item)

        requester = self.requester

        ruling = self.ruling.to_dict()

        user = self.user

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "account": account,
                "change": change,
                "duration": duration,
                "kind": kind,
                "plan": plan,
                "refusals": refusals,
                "requester": requester,
                "ruling": ruling,
                "user": user,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.plan_view import PlanView  # noqa: PLC0415
        from ..models.preview_view_change import PreviewViewChange  # noqa: PLC0415
        from ..models.refusal_view import RefusalView  # noqa: PLC0415
        from ..models.ruling_view import RulingView  # noqa: PLC0415

        d = dict(src_dict)
        account = d.pop("account")

        change = PreviewViewChange.from_dict(d.pop("change"))

        def _parse_duration(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        duration = _parse_duration(d.pop("duration"))

        kind = Kind(d.pop("kind"))

        plan = PlanView.from_dict(d.pop("plan"))

        refusals = []
        _refusals = d.pop("refusals")
        for refusals_item_data in _refusals:
            refusals_item = RefusalView.from_dict(refusals_item_data)

            refusals.append(refusals_item)

        requester = d.pop("requester")

        ruling = RulingView.from_dict(d.pop("ruling"))

        user = d.pop("user")

        preview_view = cls(
            account=account,
            change=change,
            duration=duration,
            kind=kind,
            plan=plan,
            refusals=refusals,
            requester=requester,
            ruling=ruling,
            user=user,
        )

        preview_view.additional_properties = d
        return preview_view

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
