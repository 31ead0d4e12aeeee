"""`vigia sync`: launches a sync and, with --wait, watches it to its end."""

from __future__ import annotations

import time
import uuid

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from core.cli.actor import actor
from core.cli.home import fill, home_option
from core.container import Container, container
from core.jobs import ledger, live
from core.jobs.launch import launch
from core.jobs.view import JobView, view_of
from core.kinds import KINDS
from core.kinds.etl_sync import Sync
from core.stack.home import Home

LOOK_SECONDS = 0.3
CODES = {"completed": 0, "completed_with_errors": 3, "failed": 1, "cancelled": 4}


@click.command("sync")
@home_option
@click.option("--limit", type=click.IntRange(1), help="So many candidates at most.")
@click.option("--force", is_flag=True, help="Index everybody again; vectors that are known are not paid for again.")
@click.option("--wait", is_flag=True, help="Stay until it is over.")
def command(home: Home, limit: int | None, force: bool, wait: bool) -> int:
    """Bring the index up to date with the candidates.

    Prints the id of the job. With --wait the exit code tells the outcome: 0 completed, 3 completed with errors,
    1 failed, 4 cancelled.
    """
    fill(home)
    house = container()
    with house.sessions() as session:
        payload = Sync.model_validate({"limit": limit, "force": force})
        launched = launch(session, house.redis, KINDS["etl.sync"], payload, actor=actor())
    click.echo(launched.job_id)
    if not launched.new:
        click.echo("It was launched before and is not over yet.", err=True)
    return _watched(house, launched.job_id) if wait else 0


def _watched(house: Container, job_id: uuid.UUID) -> int:
    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("queued", total=None)
        while not (view := _look(house, job_id)).over:
            progress.update(task, description=view.step or view.status, total=view.total, completed=_with_outcome(view))
            time.sleep(LOOK_SECONDS)
        progress.update(task, description=view.status, total=view.total or 0, completed=_with_outcome(view))
    counts = f"{view.done:,} done, {view.skipped:,} skipped, {view.failed:,} failed"
    console.print(f"{view.status.replace('_', ' ')}: {counts}", markup=False)
    if view.error_detail:
        console.print(view.error_detail, markup=False)
    return CODES[view.status]


def _look(house: Container, job_id: uuid.UUID) -> JobView:
    """Read the live copy; the ledger when Redis has none."""
    seen = live.read(house.redis, str(job_id))
    if seen is not None:
        return seen
    with house.sessions() as session:
        return view_of(ledger.find(session, job_id))


def _with_outcome(view: JobView) -> int:
    return view.done + view.skipped + view.failed
