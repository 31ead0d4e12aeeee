"""`python -m bench`: the product beside the plain loops.

`python -m bench memory`: what its workers take. `python -m bench pages`: the portal with very full tables.
`python -m bench meaning`: the search by meaning among very many people.
"""

from __future__ import annotations

import argparse

from bench import meaning, memory, pages, sync


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("sync", "memory", "pages", "meaning"), default="sync")
    parser.add_argument("--rows", type=int, help="candidates; 20,000 for sync, 100,000 for memory, 1,000,000 else")
    parser.add_argument("--jobs", type=int, default=200_000, help="jobs in the ledger, for pages")
    parser.add_argument("--rounds", type=int, help="runs of each way of sync, 3, or of each page, 20")
    parser.add_argument(
        "--only", help="one way of sync alone: float, base64 or product; pages with this in their address"
    )
    parser.add_argument("--home", help="a folder that keeps what pages or meaning fill for the next time")
    args = parser.parse_args()
    if args.what == "memory":
        memory.measure(args.rows or 100_000)
    elif args.what == "pages":
        pages.measure(args.rows or 1_000_000, args.jobs, args.rounds or 20, args.home, args.only)
    elif args.what == "meaning":
        meaning.measure(args.rows or 1_000_000, args.rounds or 20, args.home)
    else:
        sync.measure(args.rows or 20_000, args.rounds or 3, args.only)


if __name__ == "__main__":
    main()
