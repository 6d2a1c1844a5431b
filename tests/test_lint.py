"""Policy lint: every rule is seen to fire, and seen not to fire where all is well."""

import json
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from app.domain import guardrails, lint
from app.domain.lint import Finding, Use
from app.domain.words import Severity

BUCKET = "arn:aws:s3:::lab-data"
INSTANCE = "arn:aws:ec2:eu-central-1:123456789012:instance/i-0abc"
SERIAL = "ec2-instance-connect:SendSerialConsoleSSHPublicKey"
GOOD = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
NO_MFA = {"aws:MultiFactorAuthPresent": "false"}
MFA = {"aws:MultiFactorAuthPresent": "true"}


def policy(*statements: Any, **top: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **top}


def but(**changed: Any) -> dict[str, Any]:
    """A policy of the good statement, changed; None leaves an element out."""
    return policy({key: value for key, value in {**GOOD, **changed}.items() if value is not None})


def when(effect: str = "Allow", /, **condition: Any) -> dict[str, Any]:
    return but(Effect=effect, Condition=condition)


def said(document: Any, **options: Any) -> list[Finding]:
    """What is found, without the word about AWS that always closes it."""
    *found, last = lint.check(document, **options)
    assert (last.code, last.severity) == ("not_checked_by_aws", Severity.INFO)
    assert "not checked by AWS" in last.evidence
    return found


def codes(document: Any, **options: Any) -> set[str]:
    return {finding.code for finding in said(document, **options)}


TEXT = json.dumps(policy(GOOD))
NOT_JSON = {
    "empty": "",
    "cut off": TEXT[:-1],
    "more behind": f"{TEXT} {{}}",
    "NaN": '{"Version": NaN}',
    "Infinity": '{"Version": -Infinity}',
    "1e999": '{"Version": 1e999}',
    "digits": '{"Version": ' + "9" * 1900 + "}",
    "deep": '{"a":' * 300 + "1" + "}" * 300,
    "single quotes": "{'Version': '2012-10-17'}",
    "comma at the end": '{"Version": "2012-10-17",}',
    "no comma": '{"Version": "2012-10-17" "Id": "x"}',
    "no colon": '{"Version"}',
    "name without quotes": '{Version: "2012-10-17"}',
    "control character": '{"Version": "\n"}',
    "byte order mark": "\ufeff" + TEXT,
    "word": "nul",
}


@pytest.mark.parametrize("text", NOT_JSON.values(), ids=NOT_JSON.keys())
def test_what_is_not_json_is_said_and_nothing_else(text: str) -> None:
    found = said(text)
    assert [(f.code, f.severity) for f in found if f.code != "character"] == [("not_json", Severity.HIGH)]


def test_what_cannot_be_written_as_json_is_said() -> None:
    round_: dict[str, Any] = {}
    round_["Statement"] = [round_]
    for document in (round_, {"Version": object()}, {("a", "b"): 1}):
        assert codes(document) == {"not_json"}


FIRING: dict[str, list[Any]] = {
    "duplicate_key": ['{"Version": "2008-10-17", "Version": "2012-10-17", "Statement": []}'],
    "not_an_object": ["[]", '"text"', "7", "null"],
    "statement_missing": [{"Version": "2012-10-17"}, policy()],
    "version": [{"Statement": [GOOD]}, policy(GOOD, Version="2008-10-17"), policy(GOOD, Version=2012)],
    "unknown_element": [policy(GOOD, Conditions={}), but(Efect="Allow"), but(action="s3:GetObject", Action=None)],
    "statement_form": [policy("Allow"), policy([GOOD])],
    "effect": [but(Effect=None), but(Effect="allow"), but(Effect="Permit"), but(Effect=["Allow"])],
    "sid_form": [but(Sid="with space"), but(Sid="with-dash"), but(Sid="\u00fc"), but(Sid=7)],
    "sid_twice": [policy({**GOOD, "Sid": "A"}, {**GOOD, "Sid": "A"})],
    "principal": [but(Principal="*"), but(NotPrincipal={"AWS": "*"})],
    "action_missing": [but(Action=None), but(Action=[])],
    "action_both": [but(NotAction="s3:PutObject")],
    "action_form": [
        *(but(Action=action) for action in ("GetObject", "s3:Get:Object", "s3:", "s*:GetObject", "s3:Get Object")),
        but(Action=["s3:GetObject", 7]),
        but(Action=[None]),
    ],
    "resource_missing": [but(Resource=None), but(Resource=[])],
    "resource_both": [but(NotResource=f"{BUCKET}/secret")],
    "resource_form": [
        *(but(Resource=arn) for arn in ("bucket", "arn:aws:s3", "arn:aws:s3:bucket", "arn:aws:*:::x", "arn:my:s3:::x")),
        but(Resource=[{}]),
    ],
    "placeholder": [but(Resource="arn:aws:s3:::<BucketName>/*")],
    "condition_form": [but(Condition=[]), but(Condition={"Bool": "x"}), when(Bool={"aws:SecureTransport": None})],
    "condition_operator": [when(StringIs={"aws:username": "x"}), when(stringequals={"aws:username": "x"})],
    "unknown_condition_key": [when(Bool={"aws:MfaPresent": "true"}), when(StringEquals={"s3:prefixes": "x"})],
    "bool_value": [when(Bool={"aws:SecureTransport": "yes"})],
    "bool_without_if_exists": [when("Deny", Bool=NO_MFA)],
    "if_exists_lets_in": [when(BoolIfExists=MFA)],
    "for_all_values_lets_in": [but(Condition={"ForAllValues:StringEquals": {"aws:CalledVia": "x"}})],
    "unknown_service": [but(Action="s33:GetObject"), but(Action="../s3:GetObject".replace("/", "-"))],
    "unknown_action": [but(Action="s3:GetObjekt"), but(Action=None, NotAction="s3:GetObjekt", Effect="Deny")],
    "action_matches_nothing": [but(Action="s3:Fetch*")],
    "action_needs_star": [but(Action=["s3:GetObject", "s3:ListAllMyBuckets"])],
    "action_fits_no_resource": [but(Resource=BUCKET), but(Action="s3:ListBucket"), but(Action="iam:PassRole")],
    "resource_fits_no_action": [but(Resource=[f"{BUCKET}/*", INSTANCE])],
    "every_action": [but(Action="*", Resource="*"), but(Action="*:*")],
    "every_action_of_a_service": [but(Action="s3:*")],
    "wildcard_writes": [but(Action="s3:Put*")],
    "resource_wildcard": [but(Resource="*")],
    "allow_not_action": [but(Action=None, NotAction="iam:*")],
    "allow_not_resource": [but(Resource=None, NotResource=f"{BUCKET}/*")],
    "serial_console_everywhere": [
        *(but(Action=SERIAL, Resource=on) for on in ("*", "arn:aws:ec2:*:*:instance/*")),
        but(Action=["ec2-instance-connect:*"], Resource="*"),
    ],
    "privilege_escalation": [but(Action="iam:PutUserPolicy", Resource="*")],
    "role_takeover": [but(Action="ssm:StartSession", Resource="*")],
    "character": [
        but(Sid="x", Condition={"StringEquals": {"aws:username": "\u0142"}}),
        TEXT.replace("{", "{\u00a0\u2003", 1),
    ],
    "too_large": [but(Resource=[f"{BUCKET}/{number:04}/*" for number in range(300)])],
}
QUIET: dict[str, Any] = {
    "the good one": policy(GOOD),
    "as text": TEXT,
    "one statement alone": {"Version": "2012-10-17", "Id": "x", "Statement": {**GOOD, "Sid": ""}},
    "a bucket and its objects": but(Action=["s3:ListBucket", "s3:GetObject"], Resource=[BUCKET, f"{BUCKET}/*"]),
    "what has no resource": but(Action="s3:ListAllMyBuckets", Resource="*"),
    "small letters": but(Action="S3:getobject"),
    "reading by pattern": but(Action=["s3:List*", "s3:Get*"], Resource=[BUCKET, f"{BUCKET}/*"]),
    "one serial console": but(Action=SERIAL, Resource=INSTANCE),
    "no serial console": but(Effect="Deny", Action=SERIAL, Resource="*"),
    "deny without MFA": but(Effect="Deny", Action="*", Resource="*", Condition={"BoolIfExists": NO_MFA}),
    "allow with MFA": when(Bool=MFA),
    "null": when(Null={"aws:TokenIssueTime": True}, NumericLessThan={"aws:MultiFactorAuthAge": 3600}),
    "tags": when(StringEquals={"aws:ResourceTag/lab": "x", "s3:ExistingObjectTag/lab": ["x", "y"]}),
    "only these tags": but(Condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["lab"]}}),
    "a provider's key": when(StringLike={"token.actions.githubusercontent.com:sub": "repo:*"}),
    "deny all but": but(Effect="Deny", Action=None, NotAction="s3:GetObject", Resource="*"),
    "another partition": but(Resource="arn:aws-cn:s3:::lab-data/*"),
    "latin": but(Resource="arn:aws:s3:::lab-data/M\u00fcller/*"),
    "a variable": but(Resource=BUCKET + "/${aws:username}/*"),
    "force MFA": guardrails.force_mfa("aws", "123456789012"),
}


@pytest.mark.parametrize(("code", "document"), [(code, d) for code, some in FIRING.items() for d in some])
def test_a_rule_fires(code: str, document: Any) -> None:
    assert code in codes(document)
    if not isinstance(document, str):
        assert code in codes(json.dumps(document, ensure_ascii=False))


@pytest.mark.parametrize("document", QUIET.values(), ids=QUIET.keys())
def test_where_all_is_well_nothing_is_said(document: Any) -> None:
    assert said(document) == []


def test_what_aws_wrote_itself_is_never_said_to_be_refused() -> None:
    documents = [entry["Document"] for entry in json.loads(aws_managed_policies_data).values()]
    assert len(documents) > 1000
    refused = [f for document in documents[::8] for f in lint.refusals(said(document)) if f.code != "too_large"]
    assert refused == []


ADVICE = {
    *("bool_value", "bool_without_if_exists", "if_exists_lets_in", "for_all_values_lets_in", "unknown_condition_key"),
    *("unknown_service", "unknown_action", "action_matches_nothing", "action_needs_star", "action_fits_no_resource"),
    *("resource_fits_no_action", "placeholder", "every_action", "every_action_of_a_service", "wildcard_writes"),
    *("resource_wildcard", "allow_not_action", "allow_not_resource", "serial_console_everywhere"),
    *("privilege_escalation", "role_takeover"),
}


@pytest.mark.parametrize(("code", "document"), [(code, d) for code, some in FIRING.items() for d in some])
def test_advice_refuses_nothing(code: str, document: Any) -> None:
    found = said(document)
    refusing = {finding.code for finding in lint.refusals(found)}
    assert (code in refusing) is (code not in ADVICE)
    assert refusing <= {finding.code for finding in found} - ADVICE


def test_a_size_refuses_where_it_is_too_large_for() -> None:
    document = but(Resource=[f"{BUCKET}/{number:04}/*" for number in range(100)])
    assert lint.refusals(said(document)) == []
    assert [f.code for f in lint.refusals(said(document, use=Use.USER))] == ["too_large"]


def test_a_finding_names_the_line_of_the_text_as_sent() -> None:
    text = '{"Version": "2012-10-17",\n "Statement": [\n  {"Sid": "Read", "Effect": "Allow",\n'
    text += f'   "Action": "s3:GetObjekt",\n   "Resource": "{BUCKET}/*"}}]}}\n'
    (found,) = said(text)
    assert (found.code, found.subject, found.line) == ("unknown_action", "Read", 4)
    assert found.remedy == "Did you mean s3:GetObject?"
    (cut,) = said(text[:-3])
    assert (cut.code, cut.line) == ("not_json", 5)


def test_a_finding_names_the_line_of_an_object_indented_by_two() -> None:
    document = policy(GOOD, {**GOOD, "Action": "s3:GetObjekt"})
    (found,) = said(document)
    assert (found.subject, found.line) == ("statement 2", 11)
    assert "s3:GetObjekt" in json.dumps(document, indent=2).splitlines()[found.line - 1]


def test_the_guides_own_example_is_answered_with_the_scoped_form() -> None:
    (found,) = said(policy({"Effect": "Allow", "Action": SERIAL, "Resource": "*"}))
    assert (found.code, found.severity) == ("serial_console_everywhere", Severity.HIGH)
    assert "root" in found.reason
    assert found.scoped_form == {
        "Effect": "Allow",
        "Action": SERIAL,
        "Resource": "arn:aws:ec2:<Region>:<Account>:instance/<InstanceId>",
    }
    # As long as the places are not filled in it says so, and then it is content.
    assert codes(policy(found.scoped_form)) == {"placeholder"}
    assert said(policy({**found.scoped_form, "Resource": INSTANCE})) == []


def test_a_scoped_form_names_every_resource_that_an_action_must_have() -> None:
    (found,) = (f for f in said(but(Action="ec2:RunInstances", Resource="*")) if f.code == "resource_wildcard")
    assert found.scoped_form is not None
    assert {arn.split(":", 5)[5].split("/")[0] for arn in found.scoped_form["Resource"]} >= {
        "image",
        "instance",
        "subnet",
    }


@pytest.mark.parametrize("use", Use)
def test_white_space_does_not_count_for_the_size(use: Use) -> None:
    def of_size(size: int) -> str:
        start = json.dumps(policy(GOOD), separators=(",", ":"))
        return start.replace("lab-data", "lab-data" + "x" * (size - len(start))).replace(",", " ,\n\t")

    assert "too_large" not in codes(of_size(use.limit), use=use)
    (found,) = (f for f in said(of_size(use.limit + 1), use=use) if f.code == "too_large")
    assert (found.severity, f"{use.limit + 1} characters" in found.evidence) == (Severity.HIGH, True)


def test_the_worst_is_said_first_and_not_more_than_is_read() -> None:
    found = said(policy(*[{"Effect": "Allow"}] * 150, {"Effect": "Allow", "Action": "*", "Resource": "*"}))
    assert found[0].severity == Severity.CRITICAL
    assert (len(found), found[-1].code) == (101, "more_findings")
