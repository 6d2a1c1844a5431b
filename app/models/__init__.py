"""Every table. Tables are storage: they do not validate; bodies and views are separate schemas.

Names of people and groups are keys: they never change and a deleted one is never used again (rule 2).
"""

from app.models.access import AccessRequest, Decision, Grant, RequestGroup
from app.models.accounts import Account, Lane, Sighting
from app.models.base import columns, new_id
from app.models.notices import Notice, NoticeChoice, NoticeState
from app.models.people import IS_ADMIN, Enrolment, Group, Suspension, Token, User
from app.models.power import PowerReview
from app.models.records import AuditEvent, AuditHead, Follower, IdempotencyKey, Restoration
from app.models.rotations import KeyRotation
from app.models.secrets import Secret
from app.models.slack import SlackCode, SlackLink
from app.models.webhooks import Webhook, WebhookDelivery

__all__ = [
    "IS_ADMIN",
    "AccessRequest",
    "Account",
    "AuditEvent",
    "AuditHead",
    "Decision",
    "Enrolment",
    "Follower",
    "Grant",
    "Group",
    "IdempotencyKey",
    "KeyRotation",
    "Lane",
    "Notice",
    "NoticeChoice",
    "NoticeState",
    "PowerReview",
    "RequestGroup",
    "Restoration",
    "Secret",
    "Sighting",
    "SlackCode",
    "SlackLink",
    "Suspension",
    "Token",
    "User",
    "Webhook",
    "WebhookDelivery",
    "columns",
    "new_id",
]
