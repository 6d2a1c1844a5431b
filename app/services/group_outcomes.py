"""What carrying out a change of a group or of a policy comes to, row by row."""

from app.changes import Change
from app.changes.base import Wish
from app.db import Tx
from app.domain.sightings import Seen
from app.domain.states import APPLYING
from app.domain.words import Kind
from app.models import AccessRequest
from app.services import directory, group_ends, lab_policies, outcomes, sightings
from app.services.assessment import Assessment, reassess


def noted(tx: Tx, row: AccessRequest, assessment: Assessment, seen: Seen) -> Assessment:
    """Keep what was just read, and judge anew by it where documents were read (rule 13)."""
    change, wish = assessment.change, assessment.wish
    if (change.of_policy or row.kind == Kind.GROUP_DELETE) and row.state == APPLYING:
        # What was true before it was begun is what an undo goes back to, and what its approval is judged by.
        return assessment
    groups = {*change.groups(wish.body), *wish.attached, *seen.groups}
    lab_policies.note(tx, row.account, wish, seen)
    known, cap = assessment.seen, wish.boundary_arn
    sightings.save(tx, row.account, row.user, groups, seen, known, boundary=cap, documents=change.of_group)
    return reassess(tx, row) if change.of_group else assessment


def group_changed(tx: Tx, row: AccessRequest, change: Change, wish: Wish, seen: Seen) -> bool:
    """IAM shows the change of a group: it is managed so from here on, and asking goes by what was seen.

    Returns:
        False: It cannot be managed so, and the request has failed.
    """
    directory.hold_roles(tx)  # nobody judges by the group's rule while it is being changed
    if row.kind == Kind.GROUP_DELETE:
        group_ends.deleted(tx, row)
    elif row.kind != Kind.GROUP_CREATE:
        change.save(tx.session, wish)
    elif not group_ends.created(tx, row, wish, seen):
        text = f"A group named {wish.body.name} came to be managed meanwhile; this one is left as it is."
        outcomes.failed(tx, row, "name_taken", text)
        return False
    lab_policies.note(tx, row.account, wish, seen)
    names = {*change.groups(wish.body), *wish.attached, *seen.groups}
    sightings.save_groups(tx, row.account, {name: seen.groups.get(name) for name in names})
    return True
