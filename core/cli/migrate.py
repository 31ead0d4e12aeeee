"""`vigia migrate`: brings the tables to what this program needs."""

from __future__ import annotations

import click

from core import doctor, schema
from core.cli.home import fill, home_option
from core.settings import settings
from core.stack.home import Home


@click.command("migrate")
@home_option
def command(home: Home) -> None:
    """Make or change the tables; nothing to do is fine."""
    fill(home)
    own = settings()
    doctor.database(own)
    before, needed = schema.versions(own.database_url)
    if before == needed:
        click.echo(f"The tables are at version {needed} already.")
        return
    schema.upgrade(own.database_url)
    click.echo(f"The tables went from {f'version {before}' if before else 'nothing'} to version {needed}.")
