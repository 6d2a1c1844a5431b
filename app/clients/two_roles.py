"""Two roles for one account: what touches `/lab-admin/` is carried out by the second (rule 26)."""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from app.clients import aws
from app.clients.iam import BotoIam, Iam
from app.domain import admin_path
from app.domain.plans import Operation


def as_roles(first: str | None, second: str | None, **options: Any) -> Iam:
    """IAM as one role or as two.

    Args:
        first: ARN of the role; None: with the credentials that boto3 finds.
        second: ARN of the role for what touches `/lab-admin/`; None: the first carries out everything.
        options: As `BotoIam` takes them.
    """
    if second is None:
        return BotoIam(role_arn=first, **options)
    return TwoRolesIam(BotoIam(role_arn=second, **options), role_arn=first, **options)


class TwoRolesIam(BotoIam):
    """IAM as one role, which reads all and writes below `/lab/`, with another for what touches `/lab-admin/`.

    Args:
        second: IAM as the other role. It shares this one's pace.
        options: As `BotoIam` takes them.
    """

    def __init__(self, second: BotoIam, **options: Any) -> None:
        super().__init__(**options)
        self._second = second
        second.keep_pace_with(self)

    @override
    def call(self, operation: Operation, secret: str | None = None) -> Mapping[str, str]:
        """Make one changing call, as the role that may."""
        if admin_path.concerns(operation, self._paths(operation)):
            return self._second.call(operation, secret)
        return super().call(operation, secret)

    def _paths(self, operation: Operation) -> list[str | None]:
        """Where what the call changes lives. What is not there has no path, and the first role finds that out."""
        parameters = operation.parameters
        try:
            if "GroupName" in parameters:
                # GetGroup answers with members as well: one is the fewest that it takes.
                group = self._read("GetGroup", GroupName=parameters["GroupName"], MaxItems=1)["Group"]
                return [str(group["Path"])]
            if "UserName" in parameters:
                return [str(self._read("GetUser", UserName=parameters["UserName"])["User"]["Path"])]
        except aws.Gone:
            pass
        return []
