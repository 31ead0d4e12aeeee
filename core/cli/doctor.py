"""`vigia doctor`: looks at every setting and dependency."""

from __future__ import annotations

import click
from rich.console import Console

from core.cli.home import fill, home_option
from core.container import container
from core.doctor import examine
from core.stack.home import Home


@click.command("doctor")
@home_option
def command(home: Home) -> int:
    """Say of every setting and dependency whether it is as it must be, and the cure. Ends with 1 when one is not."""
    fill(home)
    house = container()
    console = Console(highlight=False, soft_wrap=True)
    console.print("[green]✓[/] settings")
    ill = 0
    for finding in examine(house):
        ill += not finding.ok
        sign = "[green]✓[/]" if finding.ok else "[red]✗[/]"
        console.print(f"{sign} {finding.name}: ", end="")
        console.print(finding.text, markup=False)
    house.close()
    return 1 if ill else 0
