"""Anchors are written as the audit grows, and compared with it at each start (rule 38)."""

import threading
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app import log
from app.db import Database, Tx
from app.errors import StartError, Unavailable
from app.files.anchors import Anchor, AnchorFile
from app.models import AuditEvent, AuditHead, columns
from app.services import restoration
from app.services.restoration import Suspicion

EVERY = 2.0
"""Seconds between two anchors at least. What a crash leaves without an anchor is no more than that."""
STOP_WAIT = 10.0
_head, _events = columns(AuditHead), columns(AuditEvent)
_READ_HEAD = sa.select(_head.c.seq, _head.c.mac)
_READ_MACS = sa.select(_events.c.seq, _events.c.mac).where(_events.c.seq.in_(sa.bindparam("seqs", expanding=True)))
_log = log.get("anchors")


class Anchoring:
    """Keeps the anchors of one process: whoever serves or works has one.

    Args:
        database: Whose audit it is. Its commits wake the thread.
        file: Where the anchors are.
        every: Seconds between two anchors at least.
    """

    def __init__(self, database: Database, file: AnchorFile, *, every: float = EVERY) -> None:
        self._database, self._file, self._every = database, file, every
        self._grown, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._loop, name="gatehouse-anchors", daemon=True)
        self._last: Anchor | None = None
        self._failing = False

    def begin(self) -> None:
        """Compare, note what is suspicious, and write anchors from here on.

        Raises:
            StartError: A restored backup was noticed and cannot be noted, so that nothing would hold work back.
        """
        try:
            self._compare()
        except (SQLAlchemyError, Unavailable) as problem:
            text = f"The audit could not be compared with its anchors ({type(problem).__name__}); is the disk full?"
            raise StartError(text) from problem
        self._database.after_commit.append(self._note)
        self._grown.set()
        self._thread.start()

    def stop(self) -> None:
        """Write the last anchor."""
        self._database.after_commit.remove(self._note)
        self._grown.set()
        self._stopping.set()
        self._thread.join(STOP_WAIT)

    def _note(self, tx: Tx) -> None:
        if tx.drafts:
            self._grown.set()

    def _loop(self) -> None:
        last = False
        while not last:
            self._grown.wait()
            last = self._stopping.wait(self._every)  # also true when asked to stop: then once more, and no more
            self._grown.clear()
            try:
                self._anchor()
                self._failing = False
            except (OSError, SQLAlchemyError, Unavailable) as problem:
                self._say_failing(problem)
                self._grown.set()  # try again
            except Exception:  # noqa: BLE001 - without this thread a restored backup goes unnoticed
                _log.exception("anchor_failed")

    def _say_failing(self, problem: Exception) -> None:
        if not self._failing:
            _log.error("anchor_not_written", file=str(self._file.path), problem=type(problem).__name__)
        self._failing = True

    def _anchor(self) -> None:
        """Write down where the audit stands now, if it has grown; note it if it has shrunk while we ran."""
        with self._database.look() as tx:
            anchor = _standing(tx)
            suspicion = None if self._last is None else _suspicion(tx, anchor, [self._last])
        if suspicion is not None:
            self._suspect(suspicion)
            self._last = None
        elif anchor is not None and (self._last is None or self._last.seq < anchor.seq):
            self._file.write(anchor)
            self._last = anchor

    def _compare(self) -> None:
        try:
            found = self._file.read()
        except OSError as problem:
            raise StartError(f"{self._file.path} cannot be read: {problem.strerror}") from None
        with self._database.look() as tx:
            standing, since = _standing(tx), restoration.last_confirmed(tx, self._database.audit_key)
            counting = [a for a in found.anchors if since is None or a.at > since]
            suspicion = _suspicion(tx, standing, counting)
            if suspicion is None and found.changed:
                suspicion = Suspicion("anchors_changed", standing.seq if standing else 0)
        if suspicion is not None:
            self._suspect(suspicion)
        elif counting:
            self._last = counting[-1]
        elif standing is not None and not found.anchors:
            _log.warning("anchors_begin", file=str(self._file.path), note="there was nothing to compare the audit with")
        if found.changed:
            self._set_aside()

    def _suspect(self, suspicion: Suspicion) -> None:
        with self._database.write() as tx:
            first = restoration.notice(tx, suspicion)
        said = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in vars(suspicion).items()}
        note = "only removals run until people confirm: see GET /v1/restoration"
        _log.critical("restored_backup", **said, first=first, note=note)

    def _set_aside(self) -> None:
        try:
            aside = self._file.set_aside()
        except OSError as problem:
            _log.error("anchors_not_set_aside", file=str(self._file.path), problem=problem.strerror)
        else:
            _log.critical("anchors_changed", kept=str(aside), note="somebody without the audit key wrote to this file")


def _standing(tx: Tx) -> Anchor | None:
    """Where the audit stands; None before the first event."""
    row = tx.session.connection().execute(_READ_HEAD).one_or_none()
    return None if row is None or row.seq == 0 else Anchor(row.seq, row.mac, tx.now)


def _suspicion(tx: Tx, standing: Anchor | None, anchors: Sequence[Anchor]) -> Suspicion | None:
    """What speaks against this being the audit that the anchors were written of."""
    if not anchors:
        return None
    head_seq = standing.seq if standing else 0
    highest = max(anchors, key=lambda a: a.seq)
    if head_seq < highest.seq:
        return Suspicion("behind", head_seq, highest.seq, highest.at)
    rows = tx.session.connection().execute(_READ_MACS, {"seqs": [a.seq for a in anchors]})
    macs = {row.seq: row.mac for row in rows}
    for anchor in anchors:
        if macs.get(anchor.seq) != anchor.mac:
            return Suspicion("other_history", head_seq, anchor.seq, anchor.at)
    return None
