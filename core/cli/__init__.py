"""The command `vigia`: a module for each command."""

from core.cli.main import main

__all__ = ["main"]
