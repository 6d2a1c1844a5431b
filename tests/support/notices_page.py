"""Who is told of what, as a table for people: `python -m tests.support.notices_page` writes it into docs/notices.md."""

import sys
from pathlib import Path

from app.domain.notice_table import ENDING_WORDS, TABLE
from app.domain.notices import MAIL_FIRST, MAIL_ONLY, NEVER_OFF, Topic

PAGE = Path(__file__).parents[2] / "docs" / "notices.md"
BEGIN, END = "<!-- The table is written by python -m tests.support.notices_page -->", "<!-- End of the table -->"


def table() -> str:
    """The table for people."""
    lines = ["| what happened | topic | who is told | what is said |", "| --- | --- | --- | --- |"]
    lines += [f"| `{line.event}` | {_topic(line.topic)} | {line.whom} | {line.words} |" for line in TABLE]
    lines.append(f"| a grant ends soon | {_topic(Topic.ENDING)} | who it is for | {ENDING_WORDS} |")
    reminded = "who can approve it then, and later whom the rule names in `escalate_to`"
    lines.append(f"| nobody has decided yet | {_topic(Topic.REMINDER)} | {reminded} | the request again |")
    lines.append(f"| `POST /v1/users/{{name}}/enrolment` | {_topic(Topic.ENROLMENT)} | who it is for | the code |")
    return "\n".join(lines)


def _topic(topic: Topic) -> str:
    if topic in MAIL_ONLY:
        return f"`{topic}`, by mail, always"
    if topic in MAIL_FIRST:
        return f"`{topic}`, by mail first, always"
    return f"`{topic}`, always" if topic in NEVER_OFF else f"`{topic}`"


def written(page: str) -> str:
    """The page with the table in its place."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
    sys.stdout.write(f"{PAGE}\n")
