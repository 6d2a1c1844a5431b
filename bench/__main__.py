"""Every bench, one table and one JSON document.

python -m bench [--on sqlite|postgresql] [--json PATH] and the sizes of each bench
"""

import sys
import time

from app import log
from bench import approval_to_applied, ends, importing, lives, pages, where, workers
from bench.common import Figure, arguments, report
from bench.lab import Databases

_ALL = (approval_to_applied, lives, where, pages, ends, workers, importing)


def main() -> None:
    parser = arguments(__doc__)
    for each in _ALL:
        each.add_to(parser)
    chosen = parser.parse_args()
    log.configure(json_lines=True, level="ERROR")
    figures: list[Figure] = []
    try:
        with Databases() as databases:
            for each in _ALL:
                began = time.monotonic()
                figures += each.run(databases, chosen)
                sys.stderr.write(f"{each.__name__}: {time.monotonic() - began:.0f} s\n")
    finally:  # also what was measured before one of them failed
        report(figures, chosen.json)


if __name__ == "__main__":
    main()
