"""What the workers take while very many candidates are synced: the peak of every process, those of jobs included."""

from __future__ import annotations

from bench import people, ways
from bench.report import machine, save, table
from bench.stage import stage

WORKERS = 2


def measure(rows: int) -> None:
    """Sync `rows` candidates with two workers; print and keep the peak memory of any one of their processes."""
    before = machine()
    with stage() as place:
        people.load(place.urls["DATABASE_URL"], rows)
        figures = ways.product(place, rows, workers=WORKERS)
    row = [f"{rows:,}", str(WORKERS), f"{figures.rate:,.0f}", f"{figures.peak_mb:,.0f}", f"{figures.points:,}"]
    text = (
        f"# Memory of the workers\n\nThe most that any one worker process had resident, the processes of its jobs "
        f"included.\n\n{table(('candidates', 'workers', 'rows/s', 'peak MB', 'points'), [row])}"
    )
    print(text)
    save("memory", {"machine": before, **figures.as_json()}, text)
