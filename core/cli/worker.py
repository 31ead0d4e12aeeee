"""`vigia worker`: workers alone, as many as are wanted, on any machine that reaches the URLs."""

from __future__ import annotations

import click
from rich.console import Console

from core import doctor
from core.cli.endings import endings_ignored, endings_raise
from core.cli.home import fill, home_option
from core.container import container
from core.errors import Invalid
from core.kinds import QUEUES
from core.settings import settings
from core.stack import processes
from core.stack.environment import environment
from core.stack.guard import Guard
from core.stack.home import Home
from core.stack.supervisor import Supervisor

# A worker that is told to stop ends its batch and hands its part back; nobody hurries it here.
GRACE_SECONDS = 90.0


@click.command("worker")
@home_option
@click.option("--queues", default="", help="Names with commas between them, in their order; all when not given.")
@click.option("--count", type=click.IntRange(1, 64), default=1, show_default=True, help="How many workers.")
def command(home: Home, queues: str, count: int) -> None:
    """Run workers in the foreground and start those again that die. SIGTERM and Ctrl-C let each end its batch."""
    names = [name.strip() for name in queues.split(",") if name.strip()]
    if unknown := [name for name in names if name not in QUEUES]:
        raise Invalid(f"there is no queue {unknown[0]}. There are: {', '.join(QUEUES)}.")
    fill(home)
    own = settings()
    doctor.require_fit(container())
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    guard = Guard()
    supervisor = Supervisor(guard, lambda sentence: console.print(f"! {sentence}", style="yellow"))
    env = environment({})
    with endings_raise():
        try:
            supervisor.start(
                processes.worker(env, number, own.redis_url, names, log=None, grace=GRACE_SECONDS)
                for number in range(1, count + 1)
            )
            supervisor.wait_ready()
            console.print(f"{count} at work on {', '.join(names or QUEUES)}. Ctrl-C stops.")
            supervisor.watch()
        except KeyboardInterrupt:
            console.print("Stopping: each ends its batch …")
        finally:
            with endings_ignored():
                supervisor.stop()
                guard.dismiss()
