"""The fake's managed policies: their versions, and what AWS refuses of them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.clients import aws
from app.domain.lab_policies import VERSIONS, LabPolicy, Version
from app.domain.sightings import SeenPolicy
from tests.support import fake_checks as checks
from tests.support.fake_users import ACCOUNT, Users

DOCUMENT = 6144
"""The characters of a managed policy without white space."""


@dataclass
class Kept:
    """A policy that somebody made: its versions, oldest first, with their documents."""

    description: str
    versions: list[Version] = field(default_factory=list)
    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    made: int = 0

    def add(self, document: Mapping[str, Any]) -> str:
        """Another version, which does not count yet; its id."""
        self.made += 1
        made = Version(f"v{self.made}", dt.datetime.now(dt.UTC), default=False)
        self.versions.append(made)
        self.documents[made.id] = document
        return made.id

    def count(self, version: str) -> Mapping[str, Any]:
        """Let a version count; its document."""
        self.versions = [replace(v, default=v.id == version) for v in self.versions]
        return self.documents[version]


class Policies(Users):
    """Managed policies with state.

    Attributes:
        policies: By ARN, with the document that counts.
        kept: Those that were made here, by ARN.
        roles: The role that has a policy, by the policy's ARN.
        groups: Policies by group: the policy's name or ARN and the hash of its document.
    """

    def __init__(self) -> None:
        super().__init__()
        self.policies: dict[str, SeenPolicy] = {}
        self.kept: dict[str, Kept] = {}
        self.roles: dict[str, str] = {}
        self.groups: dict[str, dict[str, str]] = {}

    def seen_lab_policy(self, arn: str) -> LabPolicy | None:
        """What is read of a policy."""
        if arn not in self.policies:
            return None
        kept = self.kept[arn]
        return LabPolicy(
            policy=self.policies[arn],
            description=kept.description,
            versions=tuple(kept.versions),
            groups=tuple(sorted(name for name, policies in self.groups.items() if arn in policies)),
            users=tuple(sorted(name for name, user in self.users.items() if arn in user.attached)),
            roles=tuple(role for attached, role in self.roles.items() if attached == arn),
            bounds=tuple(sorted(name for name, user in self.users.items() if user.boundary == arn)),
        )

    def _CreatePolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        name, path, text = parameters["PolicyName"], parameters.get("Path", "/"), parameters["PolicyDocument"]
        checks.valid("CreatePolicy", name, path)
        checks.free("CreatePolicy", name, [arn.rsplit("/", 1)[1] for arn in self.policies if ":iam::aws:" not in arn])
        document = checks.document("CreatePolicy", text, longest=DOCUMENT)
        arn = f"arn:aws:iam::{ACCOUNT}:policy{path}{name}"
        kept = self.kept[arn] = Kept(parameters.get("Description", ""))
        self.policies[arn] = checks.policy(arn, kept.count(kept.add(document)))

    def _CreatePolicyVersion(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        kept = self._made("CreatePolicyVersion", parameters)
        document = checks.document("CreatePolicyVersion", parameters["PolicyDocument"], longest=DOCUMENT)
        checks.within("CreatePolicyVersion", len(kept.versions) + 1, VERSIONS)
        version = kept.add(document)
        if parameters.get("SetAsDefault"):
            self._counts(parameters["PolicyArn"], kept, version)

    def _DeletePolicyVersion(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        kept = self._made("DeletePolicyVersion", parameters)
        checks.there("DeletePolicyVersion", parameters["VersionId"], kept.documents)
        if any(v.default for v in kept.versions if v.id == parameters["VersionId"]):
            raise aws.NeedsPerson("DeletePolicyVersion", "DeleteConflict", "it is the default version")
        kept.versions = [v for v in kept.versions if v.id != parameters["VersionId"]]
        del kept.documents[parameters["VersionId"]]

    def _DeletePolicy(self, parameters: Mapping[str, Any]) -> None:  # noqa: N802 - AWS's own name
        kept, arn = self._made("DeletePolicy", parameters), parameters["PolicyArn"]
        seen = self.seen_lab_policy(arn)
        if len(kept.versions) > 1 or seen is None or seen.groups or seen.others():
            raise aws.NeedsPerson("DeletePolicy", "DeleteConflict", "it is attached or has other versions")
        del self.policies[arn], self.kept[arn]

    def _made(self, action: str, parameters: Mapping[str, Any]) -> Kept:
        checks.there(action, parameters["PolicyArn"], self.policies)
        return self.kept[parameters["PolicyArn"]]

    def _counts(self, arn: str, kept: Kept, version: str) -> None:
        self.policies[arn] = checks.policy(arn, kept.count(version))
        for policies in self.groups.values():
            if arn in policies:
                policies[arn] = str(self.policies[arn].sha256)
