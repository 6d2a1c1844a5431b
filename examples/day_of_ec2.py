"""Ask for a day in the group that gives EC2, and wait until it is there.

Run again it goes on where it was: what is held already is fine, and what was asked for already is waited for.

Exit codes: 0 the access is there, 1 it will not be, 2 it cannot start, 3 it is not there yet.
"""

import argparse
import sys

from gatehouse_client import (
    AlreadyHasAccess,
    AlreadyPending,
    Gatehouse,
    GatehouseError,
    NotApplied,
    SettingsError,
    StillWaiting,
)


def main() -> int:
    """Run it."""
    arguments = argparse.ArgumentParser(description="Ask for a day of EC2 and wait for it.")
    arguments.add_argument("--group", default="LabUser", help="the group that gives EC2")
    arguments.add_argument("--for", dest="duration", default="P1D", help="how long, as P1D or PT8H")
    arguments.add_argument("--reason", required=True, help="what for, for those who approve")
    arguments.add_argument("--wait", type=float, default=600, help="seconds to wait for it")
    given = arguments.parse_args()
    try:
        with Gatehouse() as gatehouse:
            return ask_and_wait(gatehouse, given.group, given.duration, given.reason, given.wait)
    except SettingsError as problem:
        print(problem, file=sys.stderr)
        return 2
    except GatehouseError as problem:
        print(problem, file=sys.stderr)
        return 1


def ask_and_wait(gatehouse: Gatehouse, group: str, duration: str, reason: str, wait: float) -> int:
    """Ask, or find what was asked for before, and wait."""
    try:
        request = gatehouse.join(group, duration=duration, reason=reason)
    except AlreadyHasAccess:
        print(f"You are in {group} already.")
        return 0
    except AlreadyPending as pending:
        if pending.other is None:
            raise
        request = gatehouse.request(pending.other)
        print(f"You asked for {group} before.")
    who = ", ".join(request.ruling.eligible_approvers)
    if request.decision == "pending":
        print(f"Asked for {group}. Who can approve: {who}. Waiting …", flush=True)
    try:
        request = gatehouse.wait_until_applied(request, timeout=wait)
    except StillWaiting as waits:
        yet = "Nobody has decided yet" if waits.request.decision == "pending" else "It is approved, and not there yet"
        print(f"{yet}. Run this again later.")
        return 3
    except NotApplied as over:
        print(f"No access: {over}", file=sys.stderr)
        return 1
    approvers = " and ".join(decision.approver for decision in request.decisions if decision.verdict == "approve")
    print(f"{approvers} approved, and IAM shows it: you are in {group}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
