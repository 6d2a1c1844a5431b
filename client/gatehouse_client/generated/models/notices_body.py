from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

from ..models.notices_body_applied import NoticesBodyApplied
from ..models.notices_body_closed import NoticesBodyClosed
from ..models.notices_body_decided import NoticesBodyDecided
from ..models.notices_body_ended import NoticesBodyEnded
from ..models.notices_body_ending import NoticesBodyEnding
from ..models.notices_body_failed import NoticesBodyFailed
from ..models.notices_body_newcomer import NoticesBodyNewcomer
from ..models.notices_body_power import NoticesBodyPower
from ..models.notices_body_reminder import NoticesBodyReminder
from ..models.notices_body_restored import NoticesBodyRestored
from ..models.notices_body_rotation import NoticesBodyRotation
from ..models.notices_body_secret import NoticesBodySecret
from ..models.notices_body_to_decide import NoticesBodyToDecide
from ..types import UNSET, Unset

T = TypeVar("T", bound="NoticesBody")


@_attrs_define
class NoticesBody:
    """How I want to hear of what. `slack` is Slack where I am linked, else mail; what is left out is that.

    Attributes:
        applied (NoticesBodyApplied | Unset):  Default: NoticesBodyApplied.SLACK.
        closed (NoticesBodyClosed | Unset):  Default: NoticesBodyClosed.SLACK.
        decided (NoticesBodyDecided | Unset):  Default: NoticesBodyDecided.SLACK.
        ended (NoticesBodyEnded | Unset):  Default: NoticesBodyEnded.SLACK.
        ending (NoticesBodyEnding | Unset):  Default: NoticesBodyEnding.SLACK.
        failed (NoticesBodyFailed | Unset):  Default: NoticesBodyFailed.SLACK.
        newcomer (NoticesBodyNewcomer | Unset):  Default: NoticesBodyNewcomer.SLACK.
        power (NoticesBodyPower | Unset):  Default: NoticesBodyPower.SLACK.
        reminder (NoticesBodyReminder | Unset):  Default: NoticesBodyReminder.SLACK.
        restored (NoticesBodyRestored | Unset):  Default: NoticesBodyRestored.SLACK.
        rotation (NoticesBodyRotation | Unset):  Default: NoticesBodyRotation.SLACK.
        secret (NoticesBodySecret | Unset):  Default: NoticesBodySecret.SLACK.
        to_decide (NoticesBodyToDecide | Unset):  Default: NoticesBodyToDecide.SLACK.
    """

    applied: NoticesBodyApplied | Unset = NoticesBodyApplied.SLACK
    closed: NoticesBodyClosed | Unset = NoticesBodyClosed.SLACK
    decided: NoticesBodyDecided | Unset = NoticesBodyDecided.SLACK
    ended: NoticesBodyEnded | Unset = NoticesBodyEnded.SLACK
    ending: NoticesBodyEnding | Unset = NoticesBodyEnding.SLACK
    failed: NoticesBodyFailed | Unset = NoticesBodyFailed.SLACK
    newcomer: NoticesBodyNewcomer | Unset = NoticesBodyNewcomer.SLACK
    power: NoticesBodyPower | Unset = NoticesBodyPower.SLACK
    reminder: NoticesBodyReminder | Unset = NoticesBodyReminder.SLACK
    restored: NoticesBodyRestored | Unset = NoticesBodyRestored.SLACK
    rotation: NoticesBodyRotation | Unset = NoticesBodyRotation.SLACK
    secret: NoticesBodySecret | Unset = NoticesBodySecret.SLACK
    to_decide: NoticesBodyToDecide | Unset = NoticesBodyToDecide.SLACK

    def to_dict(self) -> dict[str, Any]:
        applied: str | Unset = UNSET
        if not isinstance(self.applied, Unset):
            applied = self.applied.value

        closed: str | Unset = UNSET
        if not isinstance(self.closed, Unset):
            closed = self.closed.value

        decided: str | Unset = UNSET
        if not isinstance(self.decided, Unset):
            decided = self.decided.value

        ended: str | Unset = UNSET
        if not isinstance(self.ended, Unset):
            ended = self.ended.value

        ending: str | Unset = UNSET
        if not isinstance(self.ending, Unset):
            ending = self.ending.value

        failed: str | Unset = UNSET
        if not isinstance(self.failed, Unset):
            failed = self.failed.value

        newcomer: str | Unset = UNSET
        if not isinstance(self.newcomer, Unset):
            newcomer = self.newcomer.value

        power: str | Unset = UNSET
        if not isinstance(self.power, Unset):
            power = self.power.value

        reminder: str | Unset = UNSET
        if not isinstance(self.reminder, Unset):
            reminder = self.reminder.value

        restored: str | Unset = UNSET
        if not isinstance(self.restored, Unset):
            restored = self.restored.value

        rotation: str | Unset = UNSET
        if not isinstance(self.rotation, Unset):
            rotation = self.rotation.value

        secret: str | Unset = UNSET
        if not isinstance(self.secret, Unset):
            secret = self.secret.value

        to_decide: str | Unset = UNSET
        if not isinstance(self.to_decide, Unset):
            to_decide = self.to_decide.value

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if applied is not UNSET:
            field_dict["applied"] = applied
        if closed is not UNSET:
            field_dict["closed"] = closed
        if decided is not UNSET:
            field_dict["decided"] = decided
        if ended is not UNSET:
            field_dict["ended"] = ended
        if ending is not UNSET:
            field_dict["ending"] = ending
        if failed is not UNSET:
            field_dict["failed"] = failed
        if newcomer is not UNSET:
            field_dict["newcomer"] = newcomer
        if power is not UNSET:
            field_dict["power"] = power
        if reminder is not UNSET:
            field_dict["reminder"] = reminder
        if restored is not UNSET:
            field_dict["restored"] = restored
        if rotation is not UNSET:
            field_dict["rotation"] = rotation
        if secret is not UNSET:
            field_dict["secret"] = secret
        if to_decide is not UNSET:
            field_dict["to_decide"] = to_decide

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        _applied = d.pop("applied", UNSET)
        applied: NoticesBodyApplied | Unset
        if isinstance(_applied, Unset):
            applied = UNSET
        else:
            applied = NoticesBodyApplied(_applied)

        _closed = d.pop("closed", UNSET)
        closed: NoticesBodyClosed | Unset
        if isinstance(_closed, Unset):
            closed = UNSET
        else:
            closed = NoticesBodyClosed(_closed)

        _decided = d.pop("decided", UNSET)
        decided: NoticesBodyDecided | Unset
        if isinstance(_decided, Unset):
            decided = UNSET
        else:
            decided = NoticesBodyDecided(_decided)

        _ended = d.pop("ended", UNSET)
        ended: NoticesBodyEnded | Unset
        if isinstance(_ended, Unset):
            ended = UNSET
        else:
            ended = NoticesBodyEnded(_ended)

        _ending = d.pop("ending", UNSET)
        ending: NoticesBodyEnding | Unset
        if isinstance(_ending, Unset):
            ending = UNSET
        else:
            ending = NoticesBodyEnding(_ending)

        _failed = d.pop("failed", UNSET)
        failed: NoticesBodyFailed | Unset
        if isinstance(_failed, Unset):
            failed = UNSET
        else:
            failed = NoticesBodyFailed(_failed)

        _newcomer = d.pop("newcomer", UNSET)
        newcomer: NoticesBodyNewcomer | Unset
        if isinstance(_newcomer, Unset):
            newcomer = UNSET
        else:
            newcomer = NoticesBodyNewcomer(_newcomer)

        _power = d.pop("power", UNSET)
        power: NoticesBodyPower | Unset
        if isinstance(_power, Unset):
            power = UNSET
        else:
            power = NoticesBodyPower(_power)

        _reminder = d.pop("reminder", UNSET)
        reminder: NoticesBodyReminder | Unset
        if isinstance(_reminder, Unset):
            reminder = UNSET
        else:
            reminder = NoticesBodyReminder(_reminder)

        _restored = d.pop("restored", UNSET)
        restored: NoticesBodyRestored | Unset
        if isinstance(_restored, Unset):
            restored = UNSET
        else:
            restored = NoticesBodyRestored(_restored)

        _rotation = d.pop("rotation", UNSET)
        rotation: NoticesBodyRotation | Unset
        if isinstance(_rotation, Unset):
            rotation = UNSET
        else:
            rotation = NoticesBodyRotation(_rotation)

        _secret = d.pop("secret", UNSET)
        secret: NoticesBodySecret | Unset
        if isinstance(_secret, Unset):
            secret = UNSET
        else:
            secret = NoticesBodySecret(_secret)

        _to_decide = d.pop("to_decide", UNSET)
        to_decide: NoticesBodyToDecide | Unset
        if isinstance(_to_decide, Unset):
            to_decide = UNSET
        else:
            to_decide = NoticesBodyToDecide(_to_decide)

        notices_body = cls(
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

        return notices_body
