"""`python -m settlement` is the `settle` command."""

from settlement.cli import main

main()
