"""What was seen of one user, kept by two at once."""

import threading

from app.domain.sightings import SeenUser
from app.services import sightings
from tests.conftest import Databases


def test_a_report_and_an_end_that_meet_at_one_user_are_both_kept(databases: Databases) -> None:
    with databases.lab("postgresql", with_worker=False) as lab:
        database = lab.running.database
        with database.write() as tx:
            sightings.save_user(tx, "default", "alice", SeenUser("alice", "arn", groups=("LabUser",)))

        def ended() -> None:
            with database.write() as tx:
                sightings.left(tx, "default", "LabUser", ["alice"])

        end = threading.Thread(target=ended)
        with database.write() as tx:
            sightings.entered(tx, "default", "LabGuest", ["alice"])
            end.start()
            end.join(1.0)  # it waits for what is written here
        end.join(60.0)
        with database.read() as tx:
            seen = sightings.load(tx, "default", "alice", ())
        assert seen.user is not None
        assert seen.user.groups == ("LabGuest",)
