"""A short history check on both databases, so that the long one (`make history`) does not rot."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy.engine import URL

from tests.history.run import Result, run

SECONDS, SEED = 12.0, 7


def test_short_histories_hold(tmp_path: Path, postgres: URL) -> None:
    """Side by side, since much of a run is waiting. `python -m tests.history --seed 7` leaves more to look at."""

    def on(kind: str) -> Result:
        folder = tmp_path / kind
        folder.mkdir()
        return run(kind, SECONDS, SEED, folder, lambda: postgres)

    with ThreadPoolExecutor() as pool:
        results = dict(zip(("sqlite", "postgresql"), pool.map(on, ("sqlite", "postgresql")), strict=True))
    assert {kind: result.violations for kind, result in results.items()} == {"sqlite": [], "postgresql": []}
