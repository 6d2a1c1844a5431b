"""The IAM port and the account's own settings: its password policy."""

from app.domain.password_policy import PasswordPolicy
from tests.support.deviations import behaviour
from tests.support.iam_ports import Port


@behaviour
def test_password_policy_none(port: Port) -> str:
    port.password_policy(None)
    return str(port.iam.password_policy())


@behaviour
def test_password_policy_shown(port: Port) -> str:
    port.password_policy(24)
    found = port.iam.password_policy()
    port.password_policy(None)
    return str(found and found.minimum_length)


@behaviour
def test_update_password_policy(port: Port) -> str:
    wanted = PasswordPolicy(30, require_symbols=False, max_age_days=10, reuse_prevention=24, hard_expiry=True)
    outcome = port.outcome("UpdateAccountPasswordPolicy", **wanted.parameters())
    found = port.iam.password_policy()
    port.password_policy(None)
    return f"{outcome}, {'as asked' if found == wanted else 'otherwise'}"


@behaviour
def test_update_password_policy_left_out(port: Port) -> str:
    port.do("UpdateAccountPasswordPolicy", **PasswordPolicy().parameters())
    outcome = port.outcome("UpdateAccountPasswordPolicy", MinimumPasswordLength=20)
    found = port.iam.password_policy()
    port.password_policy(None)
    bare = PasswordPolicy.from_answer({"MinimumPasswordLength": 20})
    return f"{outcome}, the rest {'falls back' if found == bare else 'stays'}"


@behaviour
def test_update_password_policy_too_long(port: Port) -> str:
    outcome = port.outcome("UpdateAccountPasswordPolicy", MinimumPasswordLength=129)
    port.password_policy(None)
    return outcome
