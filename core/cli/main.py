"""The list of commands, and how a predictable error reaches a person: one message with the cure, no traceback."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import click

# The command, and the module and name it is found by.
COMMANDS = {
    "up": "up",
    "down": "down",
    "web": "web",
    "worker": "worker",
    "migrate": "migrate",
    "doctor": "doctor",
    "health": "health",
    "import": "imports",
    "sync": "sync",
    "jobs": "jobs",
    "user": "user",
    "token": "token",
}
INTERRUPTED = 130


class Commands(click.Group):
    """Imports a command when it is called: what some of them need takes seconds, and `vigia health` is called often."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = _late(COMMANDS[name]).command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vigia")
def cli() -> None:
    """Vigía: launches, watches and repairs the indexing of candidates."""


def main() -> None:
    """Run the command that was typed and end the process with its outcome."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command; return the exit code: 0 well, 1 refused or failed, 2 wrongly called, 130 interrupted."""
    try:
        outcome = cli.main(arguments, prog_name="vigia", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        message = _late("problems").explain(error)
        if message is None:
            raise
        click.secho(f"vigia: {message}", err=True, fg="red")
        return 1
    return outcome if isinstance(outcome, int) else 0


def _late(name: str) -> ModuleType:
    """Import one of our modules when it is needed, and not before: see Commands."""
    return importlib.import_module(f"core.cli.{name}")
