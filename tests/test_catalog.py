"""`gatehouse catalog plan|apply` against a running server, and the comparison by itself."""

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.domain import catalogue_plan
from app.domain.catalogue_plan import Found
from app.domain.rules import Catalogue, Rule
from app.domain.words import Kind
from tests.conftest import Databases
from tests.support.lab import Lab
from tests.test_group_update import S3
from tests.test_lifecycle import new_group

_numbers = itertools.count(1)
Run = Callable[..., tuple[int, str, str]]
POLICY = "AmazonS3ReadOnlyAccess"


@pytest.fixture(scope="module")
def lab(databases: Databases) -> Iterator[Lab]:
    """One running lab for the whole module."""
    with databases.lab("sqlite") as found:
        yield found


@pytest.fixture
def run(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `gatehouse catalog …` as pi, in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEHOUSE_URL", lab.url)
    monkeypatch.setenv("GATEHOUSE_TOKEN", lab.tokens["pi"])

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gatehouse", "catalog", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert lab.tokens["pi"] not in said.out + said.err
        code = ended.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    return command


def written(path: Path, *groups: dict[str, Any]) -> str:
    """A catalogue file with these groups, in TOML."""
    lines = []
    for group in groups:
        rule = group.get("rule", {})
        lines += ["[[group]]", *(f"{k} = {json.dumps(v)}" for k, v in group.items() if k != "rule")]
        lines += ["[group.rule]", *(f"{k} = {_toml(v)}" for k, v in rule.items())] if rule else []
    path.write_text("\n".join(lines))
    return str(path)


def as_it_is(lab: Lab, *, but: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Every group as the server has it, as the file would say it."""
    shown = lab.get("pi", "/v1/groups?limit=200")["items"]
    keep = ("name", "description", "path", "policies")
    return [{k: g[k] for k in keep} | {"rule": _told(g["rule"])} for g in shown if g["name"] not in but]


def _told(rule: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in rule.items() if v is not None}


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


def a_group(**more: Any) -> dict[str, Any]:
    return {"name": f"Team-{next(_numbers)}", "description": "the pipeline", "policies": [POLICY], **more}


def pending(lab: Lab) -> list[Any]:
    found: list[Any] = lab.get("pi", "/v1/access-requests?decision=pending&limit=200")["items"]
    return found


def test_a_file_that_says_what_is_there_changes_nothing(lab: Lab, run: Run) -> None:
    default = str(Path(cli.__file__).parents[1] / "catalog" / "default.toml")
    assert run("plan", default, "--exit-code") == (0, "No changes.\n", "")
    assert run("apply", default) == (0, "No changes.\n", "")
    code, out, _ = run("plan", default, "--json", "--delete")
    assert (code, json.loads(out)) == (0, {"changes": [], "left_alone": [], "fixed": []})
    assert pending(lab) == []


def test_a_plan_says_what_differs_and_what_it_needs_and_files_nothing(lab: Lab, run: Run, tmp_path: Path) -> None:
    old = new_group(lab, max_duration="P3D")
    new = a_group(rule={"requires_mfa": True})
    changed = {"name": old.upper(), "description": "changed", "policies": [POLICY], "rule": {"max_duration": "P1D"}}
    file = written(tmp_path / "lab.toml", new, changed)
    code, out, _ = run("plan", file)
    assert code == 0
    assert out.splitlines()[:5] == [
        f"+ create {new['name']}",
        '    description: "the pipeline"',
        f"    + policy {POLICY}",
        "    rule.required_approvals: 1",
        "    rule.approvers: role:admin",
    ]
    assert f'~ change {old}\n    description: "" -> changed\n    + policy {POLICY}\n' in out
    assert "    rule.max_duration: P3D -> P1D\n    group.update needs 1 approval of alice; " in out
    assert "Not in the file and left alone: " in out
    assert out.endswith("1 to create, 1 to change, 0 to delete.\n")
    assert run("plan", file, "--exit-code")[0] == 2
    assert pending(lab) == []


def test_applying_files_what_is_needed_and_nothing_twice(lab: Lab, run: Run, tmp_path: Path) -> None:
    old, gone = new_group(lab), new_group(lab)
    new = a_group()
    kept = as_it_is(lab, but=(gone, old))
    file = written(tmp_path / "lab.toml", *kept, {"name": old, "description": "changed"}, new)
    code, out, err = run("apply", file, "--delete", "--json", "--reason", "from the repository")
    assert (code, err) == (0, "")
    done = json.loads(out)["changes"]
    assert [(c["kind"], c["group"], c["filed"]) for c in done] == [
        ("group.create", new["name"], True),
        ("group.update", old, True),
        ("group.delete", gone, True),
    ]
    ids = [c["access_request_id"] for c in done]
    assert sorted(r["id"] for r in pending(lab)) == sorted(ids)
    assert {r["reason"] for r in pending(lab)} == {"from the repository"}

    code, out, _ = run("apply", file, "--delete")
    assert code == 0
    assert [i for i in ids if f"asked for already, in access request {i}" in out] == ids
    code, out, _ = run("plan", file, "--delete")
    assert [i for i in ids if f"The same change is already asked for, in access request {i}." in out] == ids
    assert len(pending(lab)) == 3

    for request_id in ids:
        lab.approve("alice", request_id)
        lab.applied(request_id)
    assert run("plan", file, "--delete") == (0, "No changes.\n", "")
    shown = lab.get("pi", f"/v1/groups/{new['name']}")
    assert (shown["description"], shown["policies"]) == ("the pipeline", [POLICY])


def test_what_the_server_refuses_is_said_and_the_rest_is_filed(lab: Lab, run: Run, tmp_path: Path) -> None:
    wrong, right = a_group(rule={"approvers": ["group:Nothing"]}), a_group()
    file = written(tmp_path / "lab.toml", wrong, right)
    code, out, _ = run("apply", file)
    assert code == 1
    assert "refused: group:Nothing cannot stand in approvers" in out
    [filed] = pending(lab)
    assert filed["change"]["name"] == right["name"]
    assert f"filed as access request {filed['id']}: pending" in out
    code, out, _ = run("plan", file)
    assert (code, "(unknown_approver)" in out) == (0, True)
    # What is asked for is not what the file says by now.
    code, out, _ = run("apply", written(tmp_path / "lab.toml", {**right, "description": "another"}), "--json")
    [one] = json.loads(out)["changes"]
    assert (code, one["access_request_id"], one["refusals"][0]["code"]) == (1, filed["id"], "asked_otherwise")
    lab.post("pi", f"/v1/access-requests/{filed['id']}/cancel")


@pytest.mark.parametrize(
    ("file", "environment", "code", "says"),
    [
        ("missing.toml", {}, 2, "cannot be read"),
        ("twice.toml", {}, 2, "name each group once"),
        ("empty.toml", {"GATEHOUSE_URL": ""}, 2, "GATEHOUSE_URL is missing"),
        ("empty.toml", {"GATEHOUSE_TOKEN": ""}, 2, "GATEHOUSE_TOKEN is missing"),
        ("empty.toml", {"GATEHOUSE_TOKEN": "gh_pat_\x7f"}, 2, "GATEHOUSE_TOKEN is no token"),
        ("empty.toml", {"GATEHOUSE_URL": "localhost"}, 2, "GATEHOUSE_URL is no address"),
        ("empty.toml", {"GATEHOUSE_URL": "http://127.0.0.1:1"}, 6, "does not answer (ConnectError)"),
        ("empty.toml", {"GATEHOUSE_TOKEN": "gh_pat_nobody"}, 1, "token"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    environment: dict[str, str],
    code: int,
    says: str,
) -> None:
    (tmp_path / "empty.toml").write_text("group = []")
    written(tmp_path / "twice.toml", {"name": "A"}, {"name": "a"})
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for command, expected in ((("plan",), code), (("apply",), code), (("plan", "--exit-code"), 1)):
        found, out, err = run(command[0], file, *command[1:])
        assert (found, out) == (expected, ""), err
        [line] = err.splitlines()
        assert says in line


# The comparison.


def found(name: str, **more: Any) -> Found:
    return Found(**{"name": name, "description": "", "path": "/lab/", "policies": (), "rule": Rule(), **more})


def file_of(*groups: dict[str, Any]) -> Catalogue:
    return Catalogue.model_validate({"group": list(groups)})


def test_the_same_said_otherwise_is_no_difference() -> None:
    has = found("Team", policies=(S3, "b"), rule=Rule(approvers=("ann", "bob")))
    says = {"name": "team", "policies": ["b", "AmazonS3FullAccess"], "rule": {"approvers": ["bob", "ann"]}}
    assert catalogue_plan.make(file_of(says), [has]) == catalogue_plan.CataloguePlan()


def test_only_what_differs_is_asked_for_and_a_rule_whole() -> None:
    has = found("Team", description="x", policies=("a", "b"))
    says = {"name": "Team", "description": "x", "policies": ["c", "b"], "rule": {"slack": "off"}}
    [step] = catalogue_plan.make(file_of(says), [has]).steps
    rule = Rule(slack="off").model_dump(mode="json")
    assert step.change == {"name": "Team", "policies": ["c", "b"], "rule": rule}
    lines = ["~ change Team", "    + policy c", "    - policy a", "    rule.slack: notify -> off"]
    assert list(step.lines()) == lines


def test_a_policy_of_the_labs_own_is_not_taken_for_awss_of_that_name() -> None:
    has = found("Team", policies=("arn:aws:iam::123456789012:policy/AmazonS3FullAccess",))
    says = {"name": "Team", "policies": ["AmazonS3FullAccess"]}
    assert catalogue_plan.make(file_of(says), [has]).steps[0].change["policies"] == ["AmazonS3FullAccess"]


def test_deleting_has_to_be_asked_for_and_a_group_does_not_move() -> None:
    there = [found("Old"), found("Team", path="/")]
    plan = catalogue_plan.make(file_of({"name": "Team"}), there)
    assert (plan.steps, plan.left_alone) == ((), ("Old",))
    assert plan.fixed == ("Team is under / and the file says /lab/; a group does not move",)
    plan = catalogue_plan.make(file_of({"name": "Team"}), there, delete=True)
    assert [(s.kind, dict(s.change)) for s in plan.steps] == [(Kind.GROUP_DELETE, {"name": "Old"})]
    assert (list(plan.steps[0].lines()), plan.left_alone) == (["- delete Old"], ())


def test_what_begins_and_ends_in_a_rule_is_written_for_people() -> None:
    own = {"max_duration": "P1D", "held_before": True}
    old = found("Team", rule=Rule.model_validate({"break_glass": ["ann"]}))
    [step] = catalogue_plan.make(file_of({"name": "Team", "rule": {"self_service": own}}), [old]).steps
    assert list(step.lines())[1:] == [
        "    rule.self_service: none -> max_duration P1D, held_before yes",
        "    rule.break_glass: ann -> nobody",
    ]
