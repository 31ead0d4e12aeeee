"""`python -m core.cli` is `vigia`."""

from core.cli.main import main

main()
