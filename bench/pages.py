"""Every page with very full tables: how long it takes, how much of that is SQL, what the slow queries do, and what the
process takes while long files are read."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from itertools import chain
from statistics import median
from typing import Any, NamedTuple

from flask import Flask
from flask.testing import FlaskClient

from bench import addresses, crowd
from bench.addresses import Address
from bench.figures import p95, peak_mb
from bench.portal import bearer, portal, signed_in
from bench.report import machine, save, table
from bench.stage import kept, running
from bench.statements import Statements, plan, watched
from webapp.extensions import db

HEAD = ("page", "addresses", "p50 ms", "p95 ms", "max ms", "CPU p95", "of it SQL", "statements", "slowest")
PAGE_MS, SLOW_QUERY_MS = 150, 50


def measure(candidates: int, jobs: int, rounds: int, home: str | None, only: str | None) -> None:
    """Fill the tables, walk all addresses `rounds` times, print and keep what was seen.

    With a `home` the filled tables stay there for the next time; `only` takes addresses with these letters in them.
    """
    before = machine()
    with kept(home) as folder, running(folder) as urls, portal(urls, EMBEDDER="local") as app:
        crowd.fill(urls["DATABASE_URL"], candidates, jobs)
        with app.app_context():
            engine = db.engine
        compared = crowd.compare(engine, 5)
        with watched(engine, SLOW_QUERY_MS) as seen:
            walk = _Walk(app, seen, rounds, only or "")
            known = addresses.facts(engine)
            asked = chain(addresses.pages(known), addresses.previews())
            walk.over(asked, signed_in(app))
            walk.over(addresses.api(known), bearer(app))
            walk.over(addresses.exports(known), signed_in(app), first_bytes=True)
            memory = walk.whole_files(signed_in(app)) if not only else {}
        plans = [(slow, plan(engine, slow)) for slow in sorted(seen.slow.values(), key=lambda one: -one.ms)]
    about = {"machine": before, "candidates": candidates, "jobs": jobs, "rounds": rounds, "memory_mb": memory}
    about |= {"coverage_ms": [round(ms) for ms in compared], "took": walk.took}
    text = _report(walk, about)
    print(text)
    for slow, lines in plans:
        print(f"\n{slow.ms:,.0f} ms on {slow.page}\n{slow.sql}\n{slow.parameters}\n{lines}")
    if not only:
        save("pages", about, text)


class Took(NamedTuple):
    """Milliseconds of one answer: on the clock, of CPU, in SQL; and the number of statements."""

    ms: float
    cpu: float
    sql: float
    statements: int


class _Walk:
    """Asks for addresses and keeps what each took, and what PostgreSQL took of it."""

    def __init__(self, app: Flask, seen: Statements, rounds: int, only: str) -> None:
        self.app, self.seen, self.rounds, self.only = app, seen, rounds, only
        self.took: dict[str, dict[str, list[Took]]] = {}
        self.odd: dict[str, int] = {}  # addresses that did not answer 200

    def over(self, asked: Iterable[Address], client: FlaskClient, first_bytes: bool = False) -> None:
        """Ask for each once to warm up, then round after round; the answer is read to its end, or its first piece."""
        some = [address for address in asked if self.only in str(address)]
        for turn in range(-1, self.rounds):
            for address in some:
                figures = self._ask(client, address, first_bytes)
                if turn >= 0:
                    self.took.setdefault(address.group, {}).setdefault(str(address), []).append(figures)

    def _ask(self, client: FlaskClient, address: Address, first_bytes: bool) -> Took:
        self.seen.forget(str(address))
        cpu, began = self.seen.cpu_ms(), time.perf_counter()
        answer = client.open(address.path, method="POST" if address.form else "GET", data=address.form)
        next(answer.iter_encoded(), b"") if first_bytes else answer.get_data()
        took = (time.perf_counter() - began) * 1000
        answer.close()
        if answer.status_code not in (200, 302):
            self.odd[str(address)] = answer.status_code
        return Took(took, self.seen.cpu_ms() - cpu, self.seen.ms, self.seen.count)

    def whole_files(self, client: FlaskClient) -> dict[str, float]:
        """Read the longest files to their end; give what the process had resident at most, before and during each."""
        most = {"before": peak_mb(os.getpid())}
        for path in ("/jobs.csv", "/jobs.json", "/failures.json", "/audit.csv", "/candidates.csv"):
            with client.get(path) as answer:
                size = sum(len(piece) for piece in answer.iter_encoded())
            most[f"{path}, {size / 1e6:,.0f} MB"] = peak_mb(os.getpid())
        return most


def _report(walk: _Walk, about: dict[str, Any]) -> str:
    lines = [_line(group, paths) for group, paths in walk.took.items()]
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in about["machine"].items())
    compared = ", ".join(f"{ms:,}" for ms in about["coverage_ms"])
    memory = "; ".join(f"{what}: {mb:,.0f}" for what, mb in about["memory_mb"].items())
    return (
        f"# Pages with {about['candidates']:,} candidates and {about['jobs']:,} jobs\n\n"
        f"Each address {about['rounds']} times: {told}.\n\n{table(HEAD, lines)}\n\n"
        f"One comparison for the coverage: {compared} ms. Resident at most, MB: {memory or 'not looked at'}.\n"
        + "".join(f"\nanswered {status}: {path}" for path, status in walk.odd.items())
        + "".join(
            f"\n{p95([took.ms for took in some]):,.0f} ms, CPU {p95([took.cpu for took in some]):,.0f}: {path}"
            for path, some in _above(walk)
        )
    )


def _line(group: str, paths: dict[str, list[Took]]) -> list[str]:
    every = [took for some in paths.values() for took in some]
    # The worst address decides: no page is quick because others are.
    slowest = max(paths, key=lambda path: median(took.ms for took in paths[path]))
    worst, cpu = (max(p95([took[n] for took in some]) for some in paths.values()) for n in (0, 1))
    return [
        group,
        str(len(paths)),
        f"{median(took.ms for took in every):,.1f}",
        f"{worst:,.1f}" + (" !" if worst > PAGE_MS else ""),
        f"{max(took.ms for took in every):,.1f}",
        f"{cpu:,.1f}",
        f"{sum(took.sql for took in every) / sum(took.ms for took in every):.0%}",
        str(max(took.statements for took in every)),
        slowest if len(paths) > 1 else "",
    ]


def _above(walk: _Walk) -> list[tuple[str, list[Took]]]:
    """Pick the addresses above the line, the slowest first."""
    every = [(path, some) for paths in walk.took.values() for path, some in paths.items()]
    slow = [(path, some) for path, some in every if p95([took.ms for took in some]) > PAGE_MS]
    return sorted(slow, key=lambda one: -p95([took.ms for took in one[1]]))
