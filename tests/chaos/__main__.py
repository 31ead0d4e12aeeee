"""`python -m tests.chaos --seeds 1-10 --seconds 40`: several seeds, one after another, each with a line of figures."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.report import report_on


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seeds", default="1-10", help="one, or first-last")
    parser.add_argument("--seconds", type=float, default=40, help="of faults, for each seed")
    parser.add_argument("--keep", action="store_true", help="keep the folders of runs that failed, with their logs")
    parser.add_argument("--story", action="store_true", help="tell the story of those that went well, too")
    given = parser.parse_args(arguments)
    first, _, last = given.seeds.partition("-")
    failed = 0
    for seed in range(int(first), int(last or first) + 1):
        failed += not _well(seed, given)
    return 1 if failed else 0


def _well(seed: int, given: argparse.Namespace) -> bool:
    folder = Path(tempfile.mkdtemp(prefix="vigia-chaos-"))
    report = report_on(seed, given.seconds, folder / "home")
    print(report, flush=True)
    if given.story and not report.breaches:
        print(f"{report.story}\n", flush=True)
    if report.breaches and given.keep:
        print(f"kept: {folder}", flush=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return not report.breaches


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
