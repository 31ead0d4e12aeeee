"""`vigia up`: everything, in the foreground."""

from __future__ import annotations

import os

import click
from rich.console import Console

from core import doctor, schema
from core.cli.endings import endings_ignored, endings_raise
from core.cli.first_look import check
from core.cli.first_start import FirstStart
from core.cli.home import given, home_option
from core.settings import settings
from core.stack.guard import Guard
from core.stack.home import Home
from core.stack.stack import Plan, Stack
from core.stack.supervisor import Supervisor


@click.command("up")
@home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the portal listens.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 is any free one.")
@click.option("--workers", type=click.IntRange(0, 64), default=2, show_default=True)
@click.option("--sample", type=click.IntRange(0, 1_000_000), default=2000, show_default=True, help="Invented people.")
@click.option("--no-sync", is_flag=True, help="Do not launch the first sync.")
@click.option("--embedder", type=click.Choice(["local", "local-fast", "cohere"]), help="Instead of EMBEDDER.")
def command(home: Home, host: str, port: int, workers: int, sample: int, no_sync: bool, embedder: str | None) -> None:
    """Start everything and stay until Ctrl-C.

    Engines whose URL is set (DATABASE_URL, REDIS_URL, QDRANT_URL) are not started. The first start makes the tables,
    the person `admin` and the sample people, and launches the first sync.
    """
    if embedder:
        os.environ["EMBEDDER"] = embedder
    console = Console(highlight=False, soft_wrap=True)
    check(given())
    home.make()
    with home.locked() as lock, endings_raise():
        home.stack_file.unlink(missing_ok=True)
        _run(home, Plan(host=host, port=port, workers=workers), FirstStart(home, sample, not no_sync), console, lock)


def _run(home: Home, plan: Plan, first: FirstStart, console: Console, lock: int) -> None:
    guard = Guard(keep=[lock], remove=[home.stack_file])
    supervisor = Supervisor(guard, lambda sentence: console.print(f"! {sentence}", style="yellow"))
    try:
        stack = Stack(home, plan, given(), supervisor)
        token = _start(stack, first, console)
        supervisor.changed = lambda: stack.write(token)
        _greet(stack, first, console)
        stack.write(token)  # last: whoever waits for it finds everything, and the password said
        supervisor.watch()
    except KeyboardInterrupt:
        console.print("Stopping …")
    finally:
        with endings_ignored():
            home.stack_file.unlink(missing_ok=True)
            supervisor.stop()
            guard.dismiss()


def _start(stack: Stack, first: FirstStart, console: Console) -> str:
    """Start all parts, saying which is ready; return the token of the stack's API."""

    def ready(name: str) -> None:
        console.print(f"[green]✓[/] {name}")

    with console.status("Starting the engines …") as status:
        os.environ.update(stack.start_engines(ready))
        own = settings()
        doctor.database(own)
        doctor.queue_store(own)
        status.update("Making the tables …")
        schema.upgrade(own.database_url)
        ready("tables")
        status.update("Starting portal, workers, ticker and ops server …")
        stack.start_processes()
        first.load_people(lambda count: ready(f"{count:,} sample people"))
        stack.supervisor.wait_ready(ready)
        first.launch_sync()
        return first.admin_token()


def _greet(stack: Stack, first: FirstStart, console: Console) -> None:
    console.print(f"\nVigía is ready: [bold]{stack.portal_url}[/]")
    password = first.make_admin()
    if password:
        console.print(f"Log in as [bold]admin[/] with the password [bold]{password}[/]")
        console.print("It is shown this once and valid until changed: `vigia user passwd admin`.")
    console.print("Ctrl-C stops everything.")
