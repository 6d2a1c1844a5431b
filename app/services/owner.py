"""The beginning: an empty chain, the default account, the catalogue and the first admin."""

from sqlmodel import col, select

from app.db import Tx
from app.domain import chain, names
from app.domain.actors import SYSTEM_ACTOR
from app.domain.rules import Catalogue
from app.domain.words import DEFAULT_ACCOUNT, Role
from app.errors import Conflict
from app.models import Account, AuditHead, User
from app.services import audit, catalogue, directory, tokens


def begin(tx: Tx, groups: Catalogue, *, name: str, email: str) -> str:
    """Make the first admin and return their token.

    Raises:
        Conflict: There is an admin already (rule 16: recover instead).
    """
    if tx.session.scalars(select(User).where(col(User.is_owner))).first() is not None:
        raise Conflict("There is an owner already. For a lost token use: gatehouse recover", code="owner_exists")
    if tx.session.get(AuditHead, 1) is None:
        tx.session.add(AuditHead(id=1, seq=0, mac=chain.GENESIS))
    if tx.session.get(Account, DEFAULT_ACCOUNT) is None:
        tx.session.add(Account(name=DEFAULT_ACCOUNT))
    tx.session.flush()
    catalogue.load(tx, SYSTEM_ACTOR, groups)
    user = directory.register(tx, SYSTEM_ACTOR, directory.new_user(tx, name=name, email=email, is_owner=True))
    user.roles, user.verified, user.enrolled_at = sorted([Role.ADMIN, Role.MEMBER]), True, tx.now
    tx.session.flush()
    audit.record(tx, "owner.made", by=SYSTEM_ACTOR, subject=names.key(name))
    _, text = tokens.issue(tx, user, name="init", by=SYSTEM_ACTOR, origin="init")
    return text
