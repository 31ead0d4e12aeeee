"""`vigia token`: bearer tokens for the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from core import access
from core.cli.actor import actor
from core.cli.home import fill, home_option
from core.container import container
from core.stack.home import Home


@click.group("token")
def command() -> None:
    """Make tokens for scripts."""


@command.command("create")
@click.option("--name", default="command line", show_default=True, help="What it is for.")
@click.option("--scope", "scopes", type=click.Choice(list(access.SCOPES)), multiple=True, help="Repeat; all if none.")
@click.option("--days", type=click.IntRange(1, 3650), help="How long it is good; for ever when not given.")
@home_option
def create(home: Home, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token and print it, alone. It cannot be shown again."""
    fill(home)
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    with container().sessions.begin() as session:
        _, plain = access.create_token(session, name, scopes or access.SCOPES, actor(), expires=expires)
    click.echo(plain)
