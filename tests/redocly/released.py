"""What may change since the last release. Pure."""

import json
import re

_SAID = re.compile(r"^- Breaks clients: (.+)$", re.MULTILINE)
_HOW = "Clients of the last release break. Keep what was, or say so in the first section of CHANGELOG.md:"


def unsaid(report: str, changelog: str) -> list[str]:
    """What breaks clients and is not said, and what is said and does not.

    Args:
        report: What `redocly diff --format json` printed.
        changelog: Its first section is the one of the next release.
    """
    breaking = {
        verdict["message"]
        for change in json.loads(report)["changes"]
        for verdict in change["verdicts"]
        if verdict["impact"] == "major"
    }
    sections = changelog.split("\n## ")
    said = {line: _pattern(line) for line in _SAID.findall(sections[1] if len(sections) > 1 else "")}
    silent = sorted(m for m in breaking if not any(pattern.fullmatch(m) for pattern in said.values()))
    idle = sorted(line for line, pattern in said.items() if not any(pattern.fullmatch(m) for m in breaking))
    return [
        *([_HOW] if silent else []),
        *(f"- Breaks clients: {message}" for message in silent),
        *(f"CHANGELOG.md says this breaks clients, and it does not: {line}" for line in idle),
    ]


def _pattern(line: str) -> re.Pattern[str]:
    """What a line of the changelog tells of; `*` in it is anything, for one reason that touches many places."""
    return re.compile(".*".join(re.escape(part) for part in line.split("*")))


def not_as_tagged(tag: str, then: str | None, copy: str) -> list[str]:
    """How the kept copy differs from what was tagged.

    Args:
        then: The document at the tag, None where there was none.
    """
    version = json.loads(copy)["info"]["version"]
    if tag != f"v{version}":
        return [f"The last tag is {tag}, openapi/released.json is of {version}: run `make openapi-released` at the tag"]
    if then is not None and json.loads(then) != json.loads(copy):
        return [f"openapi/released.json is not the document of {tag}: run `make openapi-released` at the tag"]
    return []
