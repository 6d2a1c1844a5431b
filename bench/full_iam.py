"""moto with a whole account in it, made in its own process: over HTTP that would take minutes.

python -m bench.full_iam USERS
"""

import sys

from app.cli.simulation import simulated_aws
from bench.free_iam import ACCOUNT

GROUPS, EACH = 40, 2
"""Groups of the account, and groups that each user is in."""


def main() -> None:
    """Serve it, and print where, until stdin ends."""
    with simulated_aws() as url:
        from moto.iam.models import iam_backends  # noqa: PLC0415 - only after the setting that it reads when imported

        iam = iam_backends[ACCOUNT]["aws"]
        for number in range(GROUPS):
            iam.create_group(f"team{number}", "/lab/")
            iam.attach_group_policy("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", f"team{number}")
        for number in range(int(sys.argv[1])):
            name = f"person{number}"
            iam.create_user("us-east-1", name, "/lab/", [{"Key": "email", "Value": f"{name}@lab.example"}])
            for other in range(EACH):
                iam.add_user_to_group(f"team{(number + other) % GROUPS}", name)
        sys.stdout.write(f"{url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
