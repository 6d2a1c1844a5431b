"""Where a backend does not do what AWS documents, declared. A deviation is tested like everything else.

`python -m tests.support.deviations` writes the table into docs/emulators.md.
"""

import functools
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from tests.support import ministack
from tests.support.behaviours import BEHAVIOURS
from tests.support.iam_ports import BACKENDS, Port

DEVIATIONS: dict[tuple[str, str], str] = {
    ("moto", "create_user"): "done, the boundary is not kept",
    ("moto", "create_user_boundary_missing"): "done",
    ("moto", "create_user_taken_in_other_case"): "done",
    ("moto", "create_user_name_too_long"): "done",
    ("moto", "create_user_name_with_a_space"): "done",
    ("moto", "create_user_path_without_slash"): "done",
    ("moto", "create_user_tag_twice"): "done",
    ("moto", "create_user_tag_twice_in_other_case"): "done",
    ("moto", "create_user_too_many_tags"): "done, the user is made",
    ("moto", "create_user_beyond_quota"): "done",
    ("moto", "delete_user_in_group"): "done, the user is gone",
    ("moto", "delete_user_in_group_then_anew"): "done, in no group",
    ("moto", "delete_user_with_access_key"): "done, the user is gone",
    ("moto", "delete_user_with_device"): "done, the user is gone",
    ("moto", "delete_user_with_login"): "done, the user is gone",
    ("moto", "boundary_put"): "not offered, not shown",
    ("moto", "boundary_replaced"): "not offered, not shown",
    ("moto", "trail_of_nobody"): "not offered",
    ("moto", "move_user"): "done, shown there, its groups kept",
    ("moto", "boundary_user_missing"): "not offered",
    ("moto", "boundary_policy_missing"): "not offered",
    ("moto", "add_beyond_quota"): "done, 11 groups",
    ("moto", "lists_in_pages"): "all 2 at once",
    ("moto", "create_group_taken_in_other_case"): "done",
    ("moto", "create_group_name_too_long"): "done",
    ("moto", "create_group_beyond_quota"): "done",
    ("moto", "attach_beyond_quota"): "done, 11 policies",
    ("moto", "create_policy_taken_in_other_case"): "done",
    ("moto", "create_policy_taken_in_other_path"): "done",
    ("moto", "create_policy_too_large"): "done",
    ("moto", "delete_group_with_member"): "done, gone",
    ("moto", "delete_group_with_attached_policy"): "done, gone",
    ("moto", "delete_group_with_inline_policy"): "done, gone",
    ("ministack", "create_user_boundary_missing"): "done",
    ("ministack", "create_user_taken_in_other_case"): "done",
    ("ministack", "create_user_name_too_long"): "done",
    ("ministack", "create_user_name_with_a_space"): "done",
    ("ministack", "create_user_path_without_slash"): "done",
    ("ministack", "create_user_too_many_tags"): "done, the user is made",
    ("ministack", "create_user_beyond_quota"): "done",
    ("ministack", "delete_user_in_group"): "done, the user is gone",
    ("ministack", "delete_user_in_group_then_anew"): "done, a member still",
    ("ministack", "delete_user_with_inline_policy"): "done, the user is gone",
    ("ministack", "delete_user_with_device"): "done, the user is gone",
    ("ministack", "delete_user_with_login"): "done, the user is gone",
    ("ministack", "boundary_policy_missing"): "done",
    ("ministack", "add_beyond_quota"): "done, 11 groups",
    (
        "ministack",
        "policies_of_aws",
    ): ("not there: AmazonGlacierFullAccess, AWSCloudShellFullAccess, IAMUserChangePassword"),
    ("ministack", "lists_in_pages"): "all 2 at once",
    ("ministack", "create_group_taken_in_other_case"): "done",
    ("ministack", "create_group_name_too_long"): "done",
    ("ministack", "create_group_beyond_quota"): "done",
    ("ministack", "attach_policy_missing"): "done",
    ("ministack", "attach_beyond_quota"): "done, 11 policies",
    ("ministack", "create_policy_taken_in_other_case"): "done",
    ("ministack", "create_policy_taken_in_other_path"): "done",
    ("ministack", "create_policy_too_large"): "done",
    ("moto", "belongings_none"): "nothing, without ListServiceSpecificCredentials",
    ("moto", "belongings_of_each"): "each with its id or hash, no service credential",
    ("ministack", "update_password_policy_left_out"): "done, the rest stays",
    ("ministack", "update_password_policy_too_long"): "done",
    ("moto", "put_filter_missing"): "done",
    ("moto", "create_login"): "done, not to be changed",
    ("moto", "create_login_too_short"): "done",
    ("moto", "update_login_too_short"): "done",
    ("moto", "enable_device_wrong_codes"): "done",
    ("moto", "enable_device_assigned"): "done",
    ("moto", "enable_device_missing"): "done",
    ("ministack", "enable_device_wrong_codes"): "done",
    ("ministack", "devices_missing"): "()",
    ("moto", "delete_device_assigned"): "done, still assigned",
    ("moto", "delete_service_credential"): "not offered, gone",
    ("moto", "delete_service_credential_missing"): "not offered",
    ("moto", "put_inline_too_large"): "done",
    (
        "ministack",
        "belongings_none",
    ): "nothing, without ListSigningCertificates, without ListSSHPublicKeys, without ListServiceSpecificCredentials",
    ("ministack", "belongings_of_each"): "each with its id or hash, no certificate, no SSH key, no service credential",
    ("ministack", "move_user"): "not offered, not shown there, its groups and boundary kept",
    ("ministack", "move_user_missing"): "not offered",
    ("ministack", "create_login_too_short"): "done",
    ("ministack", "update_login_too_short"): "done",
    ("ministack", "create_key_beyond_quota"): "done, 3 keys",
    ("ministack", "key_used"): "never, then never",
    ("ministack", "delete_certificate"): "not offered, gone",
    ("ministack", "delete_certificate_missing"): "not offered",
    ("ministack", "delete_ssh_key"): "not offered, gone",
    ("ministack", "delete_ssh_key_missing"): "not offered",
    ("ministack", "delete_service_credential"): "not offered, gone",
    ("ministack", "delete_service_credential_missing"): "not offered",
    ("ministack", "put_inline_too_large"): "done",
    ("ministack", "delete_group_with_member"): "done, gone",
    ("ministack", "delete_group_with_attached_policy"): "done, gone",
    ("ministack", "delete_group_with_inline_policy"): "done, gone",
    ("moto", "lab_policy_of_a_user"): "attached: True, boundary: ['the other']",
    ("moto", "delete_policy_attached"): "done, gone",
    ("moto", "delete_policy_with_versions"): "done, gone",
    ("moto", "delete_policy_of_a_boundary"): "done, gone",
    ("ministack", "delete_policy_with_versions"): "done, gone",
    ("ministack", "delete_policy_of_a_boundary"): "done, gone",
    ("fake", "lists_in_pages"): "whole lists, it speaks no HTTP",
}
"""(backend, behaviour) -> what it does instead. An entry that is not true any more fails its test."""

TESTED: list[str] = []
"""The behaviours that have a test, as the test modules are imported."""

PAGE = Path(__file__).parents[2] / "docs" / "emulators.md"
BEGIN, END = "<!-- The table is written by python -m tests.support.deviations -->", "<!-- End of the table -->"


def behaviour(observe: Callable[[Port], str]) -> Callable[[Port], None]:
    """Make a test of a function that says what a backend does. Its name is `test_` and the behaviour's."""
    name = observe.__name__.removeprefix("test_")
    TESTED.append(name)

    @functools.wraps(observe)
    def test(port: Port) -> None:
        check(port.backend, name, observe(port))

    return test


def check(backend: str, name: str, seen: str) -> None:
    """Compare with what is declared for the backend, or else with AWS's documents."""
    documented, declared = BEHAVIOURS[name].aws, DEVIATIONS.get((backend, name))
    place = f"tests/support/deviations.py has to say so: {backend}, {name}"
    if declared is None:
        assert documented == seen, f"If that is {backend}'s doing and not ours, {place}: seen {seen!r}"
    else:
        assert documented != seen, f"{backend} now does what AWS documents, {place}: no entry"
        assert declared == seen, f"{backend} deviates in another way now, {place}: seen {seen!r}"


def table() -> str:
    """The table for people."""
    heads = {"moto": f"moto {version('moto')}", "ministack": f"ministack {ministack.version()}", "fake": "our fake"}
    lines = ["| verb or action | when | AWS | " + " | ".join(heads[b] for b in BACKENDS) + " |", "| --- " * 6 + "|"]
    for name, known in BEHAVIOURS.items():
        cells = [DEVIATIONS.get((b, name), "") for b in BACKENDS]
        lines.append(f"| {' | '.join((f'`{known.of}`', known.when, known.aws, *cells))} |")
    return "\n".join(lines)


def written(page: str) -> str:
    """The page with the table as it should be."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{table()}\n\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
    sys.stdout.write(f"{PAGE}\n")
