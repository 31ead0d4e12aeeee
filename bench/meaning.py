"""The search by meaning with very many people: what each of its steps takes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import orjson
from flask.testing import FlaskClient

from bench import crowd, engine
from bench.figures import p95
from bench.portal import bearer, portal, signed_in
from bench.report import machine, save, table
from bench.stage import DIMENSION, MODEL, Stage, cohere, kept, running
from bench.vectors import vectors_of
from core import candidates
from core.adapters.cohere_embedder import CohereEmbedder
from core.adapters.local_embedder import LocalEmbedder
from core.adapters.qdrant_index import MOST_CHANGES, QdrantIndex
from core.container import Container, container
from core.pipeline.plan import RECORD_KIND, Write, plan, point_id
from core.ports import Collection, Upsert

SIZES = (10_000, 100_000)
QUESTIONS = (
    "nurse for an intensive care ward at night",
    "ingeniera de datos con experiencia en Kafka",
    "welder who has worked on bridges",
    "alguien que enseñe a principiantes",
    "accountant who halved a yearly budget",
)
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"location": "Madrid"},
    {"location": "Teruel"},
    {"skills": ["Python"]},
    {"min_years": 20},
    {"status": "active"},
    {"location": "Lima", "skills": ["SQL"], "languages": ["es"], "min_years": 10},
)
STEPS: dict[str, tuple[Any, str]] = {
    "question": (CohereEmbedder, "embed"),
    "alias": (QdrantIndex, "current"),
    "engine": (QdrantIndex, "search"),
    "people": (candidates, "read"),
}
HEAD = ("people", "asked", "p50 ms", "p95 ms", *STEPS, "our own")


@dataclass(slots=True)
class Took:
    """Milliseconds of each answer, and of the steps in it."""

    all: list[float]
    steps: dict[str, list[float]]


def measure(rows: int, rounds: int, home: str | None) -> None:
    """Write more and more people, as a sync does, and search at each size; print and keep what was seen."""
    before, lines, engine_lines = machine(), [], []
    with (
        kept(home) as folder,
        running(folder) as urls,
        cohere() as cohere_url,
        portal(Stage(urls, cohere_url, folder / "logs").env()) as app,
    ):
        crowd.fill(urls["DATABASE_URL"], rows, jobs=0)
        own = container()
        collection = own.index.ensure(own.settings.collection, MODEL, DIMENSION)
        there = own.index.count(collection.name, RECORD_KIND)
        began = time.monotonic()
        for size in (*(size for size in SIZES if there < size < rows), rows):
            written = _write(own, collection, there, size)
            there = size
            lines += [_line(size, *asked) for asked in _asked(signed_in(app), bearer(app), rounds)]
            engine_lines.append(engine.look(own, collection, size, written, folder))
            print(table(HEAD, lines), table(engine.HEAD, engine_lines), sep="\n\n", flush=True)
        took = time.monotonic() - began
    text = _report(rows, rounds, before, took, lines, engine_lines)
    print(text)
    save("meaning", {"machine": before, "people": rows, "rounds": rounds, "pages": lines, "engine": engine_lines}, text)


def _write(own: Container, collection: Collection, first: int, last: int) -> list[float]:
    """Write the points of people `first` + 1 to `last` by the product's own writer; give the ms of each request."""
    took = []
    for start in range(first + 1, last + 1, MOST_CHANGES * 32):
        changes = _changes(own, range(start, min(start + MOST_CHANGES * 32, last + 1)))
        for at in range(0, len(changes), MOST_CHANGES):
            some = changes[at : at + MOST_CHANGES]
            took.append(_ms(lambda: own.index.write(collection.name, some)))  # noqa: B023  (called at once)
    return took


def _changes(own: Container, ids: range) -> list[Upsert]:
    """Make the points of these people, but for the few who may not be shown."""
    with own.sessions() as session:
        rows = candidates.read(session, ids)
    plans = [plan(id, row, None, model=MODEL, dimension=DIMENSION, force=True) for id, row in sorted(rows.items())]
    vectors = vectors_of(ids[0], len(ids))
    return [
        Upsert(point_id(one.record_id), vectors[ids.index(one.record_id)], one.payload, one.payload["version"])
        for one in plans
        if isinstance(one, Write)
    ]


def _asked(visitor: FlaskClient, script: FlaskClient, rounds: int) -> Iterator[tuple[str, Took]]:
    yield "/candidates?q=", _walk(visitor, "/candidates", {}, rounds)
    for where in FILTERS:
        more = {"filter": orjson.dumps(where).decode()} if where else {}
        named = ", ".join(f"{name} {value}" for name, value in where.items())
        yield f"/v1/admin/search {named}".strip(), _walk(script, "/v1/admin/search", more, rounds)


def _walk(client: FlaskClient, path: str, more: dict[str, str], rounds: int) -> Took:
    """Ask one question after another, the first two to warm up."""
    took = Took([], defaultdict(list))
    with _steps() as spent:
        for turn, question in zip(range(-2, rounds), cycle(QUESTIONS), strict=False):
            spent.clear()
            ms = _ms(lambda: _get(client, f"{path}?{urlencode({'q': question, **more})}"))  # noqa: B023
            if turn >= 0:
                took.all.append(ms)
                for step in STEPS:
                    took.steps.setdefault(step, []).append(spent[step])
                took.steps.setdefault("our own", []).append(ms - sum(spent.values()))
    return took


def _get(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200 and 'role="alert"' not in answer.text, answer.text


@contextmanager
def _steps() -> Iterator[dict[str, float]]:
    """Watch the steps of a search; the milliseconds that each has taken since the last `clear`."""
    spent: dict[str, float] = defaultdict(float)
    with ExitStack() as stack:
        for step, (owner, name) in STEPS.items():
            stack.enter_context(patch.object(owner, name, _timed(step, getattr(owner, name), spent)))
        yield spent


def _timed(step: str, call: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    def timed(*args: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return call(*args, **named)
        finally:
            spent[step] += (time.perf_counter() - began) * 1000

    return timed


def _line(size: int, asked: str, took: Took) -> list[str]:
    steps = [f"{median(some):,.1f}" for some in took.steps.values()]
    return [f"{size:,}", f"`{asked}`", f"{median(took.all):,.1f}", f"{p95(took.all):,.1f}", *steps]


def _report(
    rows: int, rounds: int, about: dict[str, Any], took: float, lines: list[list[str]], by_itself: list[list[str]]
) -> str:
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in about.items())
    local = LocalEmbedder()
    local.embed(QUESTIONS[:1])
    asked = [_ms(lambda: local.embed([question], purpose="query")) for question in QUESTIONS * 4]  # noqa: B023
    return (
        f"# Search by meaning, {rows:,} people, vectors of {DIMENSION} numbers\n\nEach {rounds} times, Cohere's "
        f"stand-in answering at once; steps at their median, ms: {told}.\n\n{table(HEAD, lines)}\n\nThe engine by "
        f"itself, {engine.BEST} wanted:\n\n{table(engine.HEAD, by_itself)}\n\nAll written and asked in {took:,.0f} s. "
        f"The local embedder takes {median(asked):,.1f} ms for a question, p95 {p95(asked):,.1f}."
    )


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
