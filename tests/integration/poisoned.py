"""`settle` with a mistake in a step: `python -m tests.integration.poisoned run streams`.

Rule: a CDR whose id begins with POISON makes pricing raise; everything else is the real program.
"""

from typing import Any

from settlement.cli import main
from streams.steps import settle
from streams.steps.price import price_copy

MARK = "POISON"


def _broken(**arguments: Any) -> Any:
    if arguments["cdr"].id.startswith(MARK):
        raise ZeroDivisionError("a step with a mistake")
    return price_copy(**arguments)


if __name__ == "__main__":
    vars(settle)["price_copy"] = _broken
    main()
