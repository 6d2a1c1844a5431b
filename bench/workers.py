"""Two workers against one on PostgreSQL, where every call to IAM takes 50 ms.

    python -m bench.workers [--workers-lives N] [--workers-rounds N]

The real commands: `gatehouse serve --no-worker` and `gatehouse worker` once or twice, with boto3 and an IAM over HTTP
in a process of its own. Whole lives as in `bench.lives`, by 8 clients who do not wait for one life before the next.
"""

import argparse

from app.clients.iam import BotoIam
from app.config import Settings
from bench.common import Figure, alternate, arguments, median, report, rounded
from bench.lab import Databases, prepare, script, serving, wait_until
from bench.lives import lives_a_second

WANTED = 1.8
DELAY = 0.05
"""Seconds that IAM takes to answer."""
_WARM = 24
_QUEUES = 2
"""Each worker takes from so many queues, and shows up once for each."""
_UP = "SELECT count(*) FROM procrastinate_workers"


def measure(databases: Databases, *, lives: int, rounds: int) -> Figure:
    """One and two in turn, each time on a new database, warmed up."""
    with script("bench.slow_iam", "0") as at_once, script("bench.slow_iam", str(DELAY)) as slow:

        def with_workers(many: int) -> float:
            site = prepare(databases, "postgresql", BotoIam(pace=None, endpoint_url=at_once), lives + _WARM)
            with serving(site, workers=many, env={"AWS_ENDPOINT_URL": slow}) as url:
                with site.looking() as count:
                    wait_until(lambda: count(_UP) >= many * _QUEUES, "the workers up", seconds=60)
                lives_a_second(url, site, lives, _WARM, "LabGuest")
                return lives_a_second(url, site, 0, lives, "LabGuest")

        found = alternate(rounds, one=lambda: with_workers(1), two=lambda: with_workers(2))
    ratio = median(found["two"]) / median(found["one"])
    each = [two / one for one, two in zip(found["one"], found["two"], strict=True)]
    concurrency: int = Settings.model_fields["worker_concurrency"].default
    return Figure(
        measure=f"lives a second, 2 workers / 1, postgresql, IAM answers in {DELAY * 1000:g} ms, "
        f"{concurrency} requests at a time each",
        wanted=f"≥ {WANTED}",
        printed=f"{ratio:.2f} ({min(each):.2f} to {max(each):.2f}): "
        f"{median(found['two']):.1f} / {median(found['one']):.1f} a second",
        met=ratio >= WANTED,
        found={
            "ratio": round(ratio, 3),
            "lives": lives,
            "concurrency": concurrency,
            **{name: rounded(values) for name, values in found.items()},
        },
    )


def add_to(parser: argparse.ArgumentParser) -> None:
    """The sizes that can be chosen."""
    parser.add_argument("--workers-lives", type=int, default=100)
    parser.add_argument("--workers-rounds", type=int, default=2)


def run(databases: Databases, chosen: argparse.Namespace) -> list[Figure]:
    """PostgreSQL only: SQLite has one process."""
    if chosen.on and "postgresql" not in chosen.on:
        return []
    return [measure(databases, lives=chosen.workers_lives, rounds=chosen.workers_rounds)]


def main() -> None:
    parser = arguments(__doc__)
    add_to(parser)
    chosen = parser.parse_args()
    with Databases() as databases:
        report(run(databases, chosen), chosen.json)


if __name__ == "__main__":
    main()
