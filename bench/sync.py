"""A first sync of candidates against Cohere's stand-in: the product beside the loops that most teams write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bench import people, ways
from bench.figures import Figures, median
from bench.report import machine, save, table
from bench.stage import Stage, stage

LATENCIES_MS = (0, 100)
IN_FLIGHT = 16
NAMES = {
    "float": "the plain loop (fetchall, floats, upsert)",
    "base64": "the plain loop, asking for base64",
    "product": f"Vigía, one worker, {IN_FLIGHT} calls in flight",
}
HEAD = ("way", "ms a call", "rows/s", "x plain", "x base64", "CPU us/row", "peak MB", "embed calls", "points")

Way = Callable[[Stage], Figures]
Measured = Mapping[tuple[str, int], Figures]


def measure(rows: int, rounds: int, only: str | None = None) -> None:
    """Run every way `rounds` times at each latency, in turn; print and keep the table of the medians."""
    before = machine()
    all_ways: dict[str, Way] = {
        "float": partial(ways.plain, kind="float"),
        "base64": partial(ways.plain, kind="base64"),
        "product": partial(ways.product, rows=rows, EMBED_CONCURRENCY=IN_FLIGHT),
    }
    chosen = {name: way for name, way in all_ways.items() if only in (None, name)}
    runs: dict[tuple[str, int], list[Figures]] = {}
    with stage() as place:
        people.load(place.urls["DATABASE_URL"], rows)
        for turn in range(rounds):
            for latency in LATENCIES_MS:
                for name, way in chosen.items():
                    figures = _one(place, way, latency)
                    runs.setdefault((name, latency), []).append(figures)
                    print(f"round {turn + 1}: {name:8} {latency:4} ms {figures.rate:10,.0f} rows/s", flush=True)
    middle = {key: median(some) for key, some in runs.items()}
    text = _report(middle, before, rows, rounds)
    print(f"\n{text}")
    about = {
        "machine": before,
        "rows": rows,
        "medians": [
            {"way": name, "latency_ms": latency, **figures.as_json()} for (name, latency), figures in middle.items()
        ],
    }
    if only is None:
        print(f"\nkept in {save('sync', about, text).relative_to(save.__globals__['RESULTS'].parents[1])}")


def _one(place: Stage, way: Way, latency: int) -> Figures:
    place.forget()
    place.script(latency=latency / 1000)
    return way(place)


def _report(middle: Measured, before: Mapping[str, object], rows: int, rounds: int) -> str:
    lines = [_line(name, latency, middle) for latency in LATENCIES_MS for name in NAMES if (name, latency) in middle]
    about = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in before.items())
    return (
        f"# A first sync of {rows:,} candidates of about 220 tokens\n\n"
        f"Medians of {rounds}; embedded engines and stand-in on the same machine: {about}.\n\n"
        f"{table(HEAD, lines)}"
    )


def _line(name: str, latency: int, middle: Measured) -> list[str]:
    figures = middle[name, latency]

    def ratio(other: str) -> str:
        known = middle.get((other, latency))
        return f"{figures.rate / known.rate:.1f}" if known else ""

    return [
        NAMES[name],
        str(latency),
        f"{figures.rate:,.0f}",
        ratio("float"),
        ratio("base64"),
        f"{figures.cpu_us:,.0f}",
        f"{figures.peak_mb:,.0f}",
        str(figures.calls),
        str(figures.points),
    ]
