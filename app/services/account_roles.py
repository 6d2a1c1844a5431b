"""Which roles carry out what in an AWS account (rule 26)."""

import re
from dataclasses import dataclass

from sqlmodel import select

from app.db import Database, Tx
from app.domain.actors import Actor
from app.errors import Invalid
from app.models import Account
from app.services import audit

_ROLE = re.compile(r"arn:[\w-]+:iam::(?P<account>\d{12}):role/[\w+=,.@/-]{1,575}")


@dataclass(frozen=True)
class Roles:
    """The two roles of an account, by ARN.

    Attributes:
        first: None: the credentials that Gatehouse was started with.
        second: Carries out what touches `/lab-admin/`; None: the first does.
    """

    first: str | None = None
    second: str | None = None


def of_all(database: Database) -> dict[str, Roles]:
    """The roles of every account, by its name."""
    with database.read() as tx:
        return {a.name: Roles(a.role_arn, a.admin_role_arn) for a in tx.session.scalars(select(Account))}


def require_usable(roles: Roles, aws_account_id: str) -> None:
    """Check what somebody typed.

    Raises:
        Invalid: It is no role's ARN, or one of another account.
    """
    for arn in (roles.first, roles.second):
        found = arn is None or _ROLE.fullmatch(arn)
        if not found:
            raise Invalid("A role is named by its ARN: arn:aws:iam::ACCOUNT:role/governance/NAME")
        if found is not True and found["account"] != aws_account_id:
            raise Invalid(f"The role is in account {found['account']}, and this is account {aws_account_id}")


def remember(tx: Tx, account: Account, roles: Roles, by: Actor) -> None:
    """Keep the roles that were given; what is left out stays."""
    known = Roles(account.role_arn, account.admin_role_arn)
    wanted = Roles(roles.first or known.first, roles.second or known.second)
    if wanted != known:
        account.role_arn, account.admin_role_arn = wanted.first, wanted.second
        audit.record(
            tx, "account.roles", by=by, account=account.name, role_arn=wanted.first, admin_role_arn=wanted.second
        )
