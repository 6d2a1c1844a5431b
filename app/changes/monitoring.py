"""`monitoring.enable`: failed sign-ins, root, changed policies and a changed trail are noticed, and who is told."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field
from typing_extensions import override

from app.changes.account import AccountChange
from app.changes.base import Body, Wish
from app.clients.iam import Iam
from app.domain.account_settings import SeenMonitored
from app.domain.monitoring import SIGNALS, blind_spots, missing
from app.domain.names import Email
from app.domain.plans import CannotCarryOut, Plan
from app.domain.sightings import Seen
from app.domain.words import Kind


class MonitoringBody(Body):
    """Where the trail writes to, and who is told."""

    log_group: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9_/.#-]+$")]
    email: Email


class MonitoringEnable(AccountChange):
    """The whole chain. It only watches, so what was made of it stays when the rest cannot be."""

    kind = Kind.MONITORING_ENABLE
    body = MonitoringBody

    @override
    def observe(self, iam: Iam, wish: Wish) -> SeenMonitored:
        """Also what is there of the chain."""
        seen = super().observe(iam, wish)
        return SeenMonitored(**vars(seen), monitoring=iam.monitoring(wish.body.log_group))

    @override
    def read_back(self, iam: Iam, wish: Wish, before: Seen) -> Seen:
        """The same again."""
        found = iam.monitoring(wish.body.log_group)
        return replace(before, monitoring=found) if isinstance(before, SeenMonitored) else before

    @override
    def plan(self, wish: Wish, seen: Seen) -> Plan:
        """Topic, subscription, metric filters, alarms: what is missing or otherwise."""
        body = wish.body
        end_state = {
            "kind": wish.kind,
            "account": wish.account,
            "user_id": wish.user_id,
            **body.model_dump(mode="json"),
            "signals": [[s.name, s.metric, s.pattern, s.most] for s in SIGNALS],
        }
        found = seen.monitoring if isinstance(seen, SeenMonitored) else None
        if found is None:
            return Plan(end_state, missing(body.log_group, body.email, None))
        if not found.log_group:
            text = f"There is no log group {body.log_group}. Have a trail of all Regions write to it, then retry."
            raise CannotCarryOut("no_log_group", text)
        notes = blind_spots(body.log_group, found.trails)
        return Plan(end_state, missing(body.log_group, body.email, found), notes)
