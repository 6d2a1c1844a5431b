"""Whether conditions use operators and keys that there are, and the two where a missing key turns the meaning round.

IAM User Guide, "IAM JSON policy elements: Condition operators" and "AWS global condition context keys".
"""

from collections.abc import Iterator

from app.domain.lint import knowledge
from app.domain.lint.findings import Finding, quote
from app.domain.lint.statements import DENY, Condition, Statement
from app.domain.words import Severity

_MFA = "aws:multifactorauthpresent"
_IF_EXISTS = "IfExists"
_SETS = ("ForAllValues:", "ForAnyValue:")
_COMPARING = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_OPERATORS = frozenset(
    (
        *(f"Numeric{how}" for how in _COMPARING),
        *(f"Date{how}" for how in _COMPARING),
        *(f"{kind}{how}" for kind in ("String", "Arn") for how in ("Equals", "NotEquals", "Like", "NotLike")),
        *("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null"),
    )
)
_GLOBAL = """
    AssumedRoot CalledVia CalledViaAWSMCP CalledViaFirst CalledViaLast ChatbotSourceArn
    CurrentTime Ec2InstanceSourceVPC Ec2InstanceSourcePrivateIPv4 EpochTime FederatedProvider
    IsMcpServiceAction MultiFactorAuthAge MultiFactorAuthPresent PrincipalAccount PrincipalArn
    PrincipalIsAWSService PrincipalOrgID PrincipalOrgPaths PrincipalServiceName
    PrincipalServiceNamesList PrincipalTag/* PrincipalType referer RequestedRegion RequestTag/*
    ResourceAccount ResourceOrgID ResourceOrgPaths ResourceTag/* SecureTransport
    SignInSessionArn SourceAccount SourceArn SourceIdentity SourceIp SourceOrgID
    SourceOrgPaths SourceVpc SourceVpcArn SourceVpce TagKeys TokenIssueTime UserAgent
    userid username ViaAWSMCPService ViaAWSService VpceAccount VpceOrgID VpceOrgPaths VpcSourceIp
"""
_GLOBAL_KEYS = knowledge.Keys.of(f"aws:{name.lower()}" for name in _GLOBAL.split())


def check(statement: Statement) -> Iterator[Finding]:
    """What is wrong with the conditions."""
    for condition in statement.conditions:
        operator = _bare(condition.operator.text)
        if operator not in _OPERATORS:
            yield _operator(statement, condition)
        elif not _known(condition.key.text):
            yield statement.finding(
                Severity.MEDIUM,
                "unknown_condition_key",
                condition.key.line,
                f"AWS's data of {knowledge.data_date()} has no condition key {quote(condition.key.text)}.",
                "A condition on a key that is never there is never met, or with IfExists always.",
                "Look the key up in AWS's Service Authorization Reference.",
            )
        if operator == "Bool" and not {value.lower() for value in condition.values} <= {"true", "false"}:
            yield statement.finding(
                Severity.MEDIUM,
                "bool_value",
                condition.key.line,
                f"Bool compares with {quote(', '.join(condition.values))}.",
                "Bool knows true and false only, so this is never met.",
                'Write "true" or "false".',
            )
        yield from _missing_key(statement, condition)


def _bare(operator: str) -> str:
    for prefix in _SETS:
        operator = operator.removeprefix(prefix)
    bare = operator.removesuffix(_IF_EXISTS)
    return operator if bare == "Null" else bare


def _operator(statement: Statement, condition: Condition) -> Finding:
    bare = _bare(condition.operator.text).lower()
    meant = next((name for name in sorted(_OPERATORS) if name.lower() == bare), None)
    return statement.finding(
        Severity.HIGH,
        "condition_operator",
        condition.operator.line,
        f"There is no condition operator {quote(condition.operator.text)}.",
        "AWS refuses the document.",
        f"Write {meant}, in these letters." if meant else "Use one of IAM's operators, such as StringEquals.",
    )


def _known(key: str) -> bool:
    key = key.lower()
    if _GLOBAL_KEYS.has(key):
        return True
    service, colon, _ = key.partition(":")
    if not colon:
        return False
    if not knowledge.is_service(service):
        # Keys of sign-in providers begin with their host, as in token.actions.githubusercontent.com:sub.
        return "." in service or service in {"saml", "identitystore"}
    return knowledge.condition_keys(service).has(key)


def _missing_key(statement: Statement, condition: Condition) -> Iterator[Finding]:
    operator, key = condition.operator.text, condition.key.text.lower()
    values = {value.lower() for value in condition.values}
    line = condition.operator.line
    if statement.effect == DENY and key == _MFA and operator == "Bool" and "false" in values:
        yield statement.finding(
            Severity.HIGH,
            "bool_without_if_exists",
            line,
            "The Deny has Bool on aws:MultiFactorAuthPresent.",
            "Calls with a long-lived access key do not carry this key at all, so the Deny leaves them out.",
            "Write BoolIfExists in the place of Bool.",
            {"Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
        )
    if statement.allows and key == _MFA and operator == "BoolIfExists" and "true" in values:
        yield statement.finding(
            Severity.HIGH,
            "if_exists_lets_in",
            line,
            "The Allow has BoolIfExists on aws:MultiFactorAuthPresent.",
            "Calls with a long-lived access key do not carry this key at all, so they are allowed without MFA.",
            "Write Bool in the place of BoolIfExists.",
            {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}},
        )
    # On tags this is the usual way to say "none but these", and no tags at all are fine.
    if statement.allows and operator.startswith("ForAllValues:") and key != "aws:tagkeys":
        yield statement.finding(
            Severity.MEDIUM,
            "for_all_values_lets_in",
            line,
            f"The Allow has {quote(operator)} on {quote(condition.key.text)}.",
            "It is met when the key is missing: nothing is checked then.",
            f"Add Null on {quote(condition.key.text)} with the value false beside it, or use ForAnyValue.",
        )
