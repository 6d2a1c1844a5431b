"""`python -m tests.guardrails NODE`: decide every case, then every mutant. Exit code 1 if one is wrong or survives."""

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.guardrails import documents, mutants
from tests.guardrails.cases import Request, requests


def main(*node: str) -> int:
    """Run it.

    Args:
        node: The command that runs node.
    """
    started = time.monotonic()
    ours = documents.ours()
    asked = requests()
    spoilt = [mutant for name, document in ours.items() for mutant in mutants.of(name, document)]
    wire = {
        "documents": {**documents.aws_managed(), **documents.ELSEWHERE, **ours},
        "requests": [request.wire for request in asked],
        "mutants": [
            {
                "name": mutant.name,
                "document": mutant.document,
                "requests": [
                    at
                    for at, request in enumerate(asked)
                    if mutant.name in request.uses and mutant.concerns(request.wire["action"])
                ],
            }
            for mutant in spoilt
        ],
    }
    ran = subprocess.run(
        [*node, str(Path(__file__).parent / "decide.mjs")],
        input=json.dumps(wire),
        stdout=subprocess.PIPE,
        text=True,
        timeout=900,
        check=True,
    )
    answer = json.loads(ran.stdout)
    wrong = [f"wrong: {_told(r, f)}" for r, f in zip(asked, answer["found"], strict=True) if f not in r.wire["outcome"]]
    survived = [
        f"survived: {mutant.name}: {mutant.spoilt}"
        for mutant, first in zip(spoilt, answer["noticed"], strict=True)
        if first is None
    ]
    for line in (*wrong, *survived):
        print(line)  # noqa: T201 - a program's output
    seconds = time.monotonic() - started
    print(  # noqa: T201
        f"guardrails: {len(asked)} requests decided, {len(wrong)} wrong; "
        f"{len(spoilt)} mutants, {len(survived)} survived ({seconds:.1f} s)"
    )
    return 1 if wrong or survived else 0


def _told(request: Request, found: str) -> str:
    return f"{request}: {found}, should be {request.case.outcome}. {request.case.why}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
