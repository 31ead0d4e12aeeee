"""The search by meaning with very many people: what each of its steps takes, whom it misses, what the engine needs."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import httpx
import numpy as np
import orjson
from flask.testing import FlaskClient

from bench import crowd
from bench.figures import family, p95
from bench.portal import bearer, portal, signed_in
from bench.report import machine, save, table
from bench.stage import DIMENSION, MODEL, Stage, cohere, kept, running
from core import candidates
from core.adapters.cohere_embedder import CohereEmbedder
from core.adapters.local_embedder import LocalEmbedder
from core.adapters.qdrant_index import MOST_CHANGES, QdrantIndex
from core.container import Container, container
from core.pipeline.plan import RECORD_KIND, Write, plan, point_id
from core.ports import Collection, Upsert, Vectors

SIZES = (10_000, 100_000)
CLUSTERS = 2_000
SPREAD = 0.25  # of a cluster, as long as its centre is 1: the nearest of a million have a cosine of 0.96
BEST = 10
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
ENGINE = (
    "points",
    "p50 ms",
    "p95 ms",
    "exact p50",
    f"of the best {BEST} found",
    "256 written, ms",
    "slowest",
    "MB",
    "MB of files",
)


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
            engine_lines.append(_engine(own, collection, size, written, folder))
            print(table(HEAD, lines), table(ENGINE, engine_lines), sep="\n\n", flush=True)
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


def vectors_of(seed: int, count: int) -> Vectors:
    """Draw unit vectors as those of texts are: all somewhat alike, in clusters, a few of these very full."""
    world, dice = np.random.default_rng(7), np.random.default_rng(seed)
    weight = (1 + np.arange(DIMENSION, dtype=np.float32)) ** -0.4
    weight /= np.linalg.norm(weight)
    common, *centres = world.standard_normal((1 + CLUSTERS, DIMENSION), dtype=np.float32) * weight
    shares = 1 / np.arange(1, CLUSTERS + 1)
    which = dice.choice(CLUSTERS, count, p=shares / shares.sum())
    drawn = dice.standard_normal((count, DIMENSION), dtype=np.float32) * weight * SPREAD
    drawn += 0.8 * (np.array(centres)[which] + common)
    unit: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


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


def _engine(own: Container, collection: Collection, size: int, written: Sequence[float], folder: Path) -> list[str]:
    """Ask the engine alone, by its copies and by all vectors; give what it takes, and how many of the best it finds."""
    with httpx.Client(base_url=own.settings.qdrant_url, timeout=60) as http:
        answers = [
            [_best(http, collection.name, asked, exact) for exact in (False, True)] for asked in vectors_of(0, 50)
        ]
    quick, exact = ([answer[n][1] for answer in answers] for n in (0, 1))
    found = sum(len(some[0][0] & some[1][0]) for some in answers) / BEST / len(answers)
    written = list(written) or [0.0]
    return [
        f"{size:,}",
        f"{median(quick):,.1f}",
        f"{p95(quick):,.1f}",
        f"{median(exact):,.1f}",
        f"{found:.1%}",
        f"{median(written):,.0f}",
        f"{max(written):,.0f}",
        _resident(),
        f"{sum(file.stat().st_blocks for file in (folder / 'vectors').rglob('*')) * 512 / 1e6:,.0f}",
    ]


def _best(http: httpx.Client, name: str, asked: Any, exact: bool) -> tuple[set[str], float]:
    """Give the ids of the best, and the milliseconds that the engine says."""
    body = {"query": asked.tolist(), "limit": BEST, "params": {"exact": exact}}
    answer = http.post(f"/collections/{name}/points/query", json=body).json()
    return {point["id"] for point in answer["result"]["points"]}, answer["time"] * 1000


def _resident() -> str:
    """Give the engine's own memory, and what it has of its files in the machine's, in MB."""
    for pid in family(os.getpid()):
        if b"core.stack.vectors" in Path(f"/proc/{pid}/cmdline").read_bytes():
            # Not the resident size: it counts a page twice that is mapped twice, as those of the vectors are.
            fields = map(str.split, Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
            pss = {name: int(kb) / 1024 for name, kb, _ in fields}
            return f"{pss['Pss_Anon:']:,.0f} + {pss['Pss_File:']:,.0f}"
    return ""


def _report(
    rows: int, rounds: int, about: dict[str, Any], took: float, lines: list[list[str]], engine: list[list[str]]
) -> str:
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in about.items())
    local = LocalEmbedder()
    local.embed(QUESTIONS[:1])
    asked = [_ms(lambda: local.embed([question], purpose="query")) for question in QUESTIONS * 4]  # noqa: B023
    return (
        f"# Search by meaning, {rows:,} people, vectors of {DIMENSION} numbers\n\nEach {rounds} times, Cohere's "
        f"stand-in answering at once; steps at their median, ms: {told}.\n\n{table(HEAD, lines)}\n\nThe engine by "
        f"itself, {BEST} wanted:\n\n{table(ENGINE, engine)}\n\nAll written and asked in {took:,.0f} s. "
        f"The local embedder takes {median(asked):,.1f} ms for a question, p95 {p95(asked):,.1f}."
    )


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
