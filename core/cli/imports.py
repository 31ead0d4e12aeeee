"""`vigia import`: candidates from a file."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from core import intake
from core.cli.actor import actor
from core.cli.home import fill, home_option
from core.container import container
from core.errors import Invalid
from core.stack.home import Home


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@home_option
def command(home: Home, file: Path) -> int:
    """Import candidates from a CSV, JSONL, JSON or JSON Resume FILE.

    Known ones (by external_id) are updated. Lines that cannot be used are named on standard error and the rest is
    imported; the command ends with 1 when nothing could be used.
    """
    fill(home)
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(file.name)

        def show(now: intake.Progress) -> None:
            progress.update(task, total=now.size, completed=now.read)

        report = intake.import_file(container().sessions, file, actor=actor(), progress=show)
    for word, remarks, total in (
        ("rejected", report.rejected, report.rejected_total),
        ("note", report.notes, report.notes_total),
    ):
        for line, reason in remarks:
            where = f"line {line}" if line else "the file"
            click.echo(f"{where}: {word}: {reason}", err=True)
        if total > len(remarks):
            click.echo(f"… and {total - len(remarks):,} more of the sort: {word}", err=True)
    click.echo(
        f"{report.imported:,} imported, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.rejected_total:,} rejected"
    )
    if report.imported + report.updated + report.unchanged:
        return 0
    if not report.rejected_total:
        raise Invalid("the file holds nobody")
    return 1
