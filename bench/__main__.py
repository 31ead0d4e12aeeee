"""`python -m bench`: the product beside the plain loops. `python -m bench memory`: what its workers take."""

from __future__ import annotations

import argparse

from bench import memory, sync


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("sync", "memory"), default="sync")
    parser.add_argument("--rows", type=int, help="candidates; 20,000 for sync and 100,000 for memory when not given")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way, of which the middle one counts")
    parser.add_argument("--only", help="one way of sync alone: float, base64 or product")
    args = parser.parse_args()
    if args.what == "memory":
        memory.measure(args.rows or 100_000)
    else:
        sync.measure(args.rows or 20_000, args.rounds, args.only)


if __name__ == "__main__":
    main()
