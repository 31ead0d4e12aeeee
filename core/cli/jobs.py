"""`vigia jobs`: the last jobs."""

from __future__ import annotations

import click
from sqlalchemy import select

from core.cli.home import fill, home_option
from core.container import container
from core.jobs.explain import Wait, explanations, listening
from core.jobs.view import JobView, view_of
from core.models import Job
from core.stack.home import Home


@click.command("jobs")
@home_option
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def command(home: Home, limit: int) -> None:
    """List the last jobs, newest first, and what those that stand still wait for."""
    fill(home)
    with container().sessions() as session:
        jobs = [view_of(job) for job in session.scalars(select(Job).order_by(Job.created_at.desc()).limit(limit))]
        waits = explanations(session, jobs, lambda: listening(container().redis))
    if not jobs:
        click.echo("No job was launched yet. Launch one with `vigia sync`.")
        return
    titles = ("id", "kind", "status", "done", "launched", "by", "now")
    rows = [titles, *(_row(job, waits.get(job.id)) for job in jobs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _row(job: JobView, wait: Wait | None) -> tuple[str, ...]:
    said = " ".join((wait.sentence if wait else job.message).split())
    share = "" if job.percent is None else f"{job.percent:g} %"
    return job.id, job.kind, job.status, share, f"{job.created_at:%Y-%m-%d %H:%M:%S} UTC", job.requested_by, said
