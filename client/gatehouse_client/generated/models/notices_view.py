from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.notices_view_applied import NoticesViewApplied
from ..models.notices_view_closed import NoticesViewClosed
from ..models.notices_view_decided import NoticesViewDecided
from ..models.notices_view_ended import NoticesViewEnded
from ..models.notices_view_ending import NoticesViewEnding
from ..models.notices_view_failed import NoticesViewFailed
from ..models.notices_view_newcomer import NoticesViewNewcomer
from ..models.notices_view_power import NoticesViewPower
from ..models.notices_view_reminder import NoticesViewReminder
from ..models.notices_view_restored import NoticesViewRestored
from ..models.notices_view_rotation import NoticesViewRotation
from ..models.notices_view_secret import NoticesViewSecret
from ..models.notices_view_to_decide import NoticesViewToDecide

T = TypeVar("T", bound="NoticesView")


@_attrs_define
class NoticesView:
    """How I hear of what. What keeps my own access safe cannot be turned off.

    Attributes:
        applied (NoticesViewApplied):
        closed (NoticesViewClosed):
        decided (NoticesViewDecided):
        ended (NoticesViewEnded):
        ending (NoticesViewEnding):
        failed (NoticesViewFailed):
        newcomer (NoticesViewNewcomer):
        power (NoticesViewPower):
        reminder (NoticesViewReminder):
        restored (NoticesViewRestored):
        rotation (NoticesViewRotation):
        secret (NoticesViewSecret):
        to_decide (NoticesViewToDecide):
    """

    applied: NoticesViewApplied
    closed: NoticesViewClosed
    decided: NoticesViewDecided
    ended: NoticesViewEnded
    ending: NoticesViewEnding
    failed: NoticesViewFailed
    newcomer: NoticesViewNewcomer
    power: NoticesViewPower
    reminder: NoticesViewReminder
    restored: NoticesViewRestored
    rotation: NoticesViewRotation
    secret: NoticesViewSecret
    to_decide: NoticesViewToDecide
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        applied = self.applied.value

        closed = self.closed.value

        decided = self.decided.value

        ended = self.ended.value

        ending = self.ending.value

        failed = self.failed.value

        newcomer = self.newcomer.value

        power = self.power.value

        reminder = self.reminder.value

        restored = self.restored.value

        rotation = self.rotation.value

        secret = self.secret.value

        to_decide = self.to_decide.value

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "applied": applied,
                "closed": closed,
                "decided": decided,
                "ended": ended,
                "ending": ending,
                "failed": failed,
                "newcomer": newcomer,
                "power": power,
                "reminder": reminder,
                "restored": restored,
                "rotation": rotation,
                "secret": secret,
                "to_decide": to_decide,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        applied = NoticesViewApplied(d.pop("applied"))

        closed = NoticesViewClosed(d.pop("closed"))

        decided = NoticesViewDecided(d.pop("decided"))

        ended = NoticesViewEnded(d.pop("ended"))

        ending = NoticesViewEnding(d.pop("ending"))

        failed = NoticesViewFailed(d.pop("failed"))

        newcomer = NoticesViewNewcomer(d.pop("newcomer"))

        power = NoticesViewPower(d.pop("power"))

        reminder = NoticesViewReminder(d.pop("reminder"))

        restored = NoticesViewRestored(d.pop("restored"))

        rotation = NoticesViewRotation(d.pop("rotation"))

        secret = NoticesViewSecret(d.pop("secret"))

        to_decide = NoticesViewToDecide(d.pop("to_decide"))

        notices_view = cls(
            applied=applied,
            closed=closed,
            decided=decided,
            ended=ended,
            ending=ending,
            failed=failed,
            newcomer=newcomer,
            power=power,
            reminder=reminder,
            restored=restored,
            rotation=rotation,
            secret=secret,
            to_decide=to_decide,
        )

        notices_view.additional_properties = d
        return notices_view

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
