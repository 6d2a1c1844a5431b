"""What may change since the last release. Pure."""

import json
import re

_SAID = re.compile(r"^- Breaks clients: (.+)$", re.MULTILINE)


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
    said = set(_SAID.findall(sections[1] if len(sections) > 1 else ""))
    return [
        *(
            f"This breaks clients of the last release. Keep what was, or say so in CHANGELOG.md:\n- Breaks clients: {m}"
            for m in sorted(breaking - said)
        ),
        *(f"CHANGELOG.md says this breaks clients, and it does not: {m}" for m in sorted(said - breaking)),
    ]


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
