"""All guardrail documents of an account, for printing and for deciding them in tests. Pure."""

from typing import Any

from app.domain import governance, guardrails, scp
from app.domain.guardrails import ADMIN_PATH, USER_PATH
from app.domain.rules import Catalogue


def every(partition: str, account_id: str, catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Each document by its name. What the roles may attach is what the catalogue attaches.

    Args:
        partition: `aws`, `aws-cn`, `aws-us-gov`.
        account_id: The account's 12 digits.
        catalogue: The groups with their paths and policies.
    """
    here = (partition, account_id)
    return {
        guardrails.BOUNDARY_NAME: guardrails.boundary(*here),
        guardrails.FORCE_MFA_NAME: guardrails.force_mfa(*here),
        guardrails.ADMIN_BOUNDARY_NAME: governance.admin_boundary(*here),
        governance.ROLE_NAME: governance.role(*here, _attachable(*here, catalogue, USER_PATH)),
        governance.ADMIN_ROLE_NAME: governance.admin_role(*here, _attachable(*here, catalogue, ADMIN_PATH)),
        scp.SCP_NAME: scp.scp(partition),
    }


def _attachable(partition: str, account_id: str, catalogue: Catalogue, path: str) -> set[str]:
    """The catalogue's policies of this path, and the force-MFA policy, which a changed rule may call for (rule 27)."""
    names = {policy for group in catalogue.group if group.path == path for policy in group.policies}
    arns = {n if n.startswith("arn:") else f"arn:{partition}:iam::aws:policy/{n}" for n in names}
    return {guardrails.policy_arn(partition, account_id, guardrails.FORCE_MFA_NAME), *arns}
