"""The table of lint codes in the README is the one in the code.

`python -m tests.unit.settlement.tariff_tools.test_lint_readme` writes it anew.
"""

import re
from pathlib import Path

from settlement.tariff_tools.lint.code import CODES, Code

README = Path(__file__).parents[4] / "settlement" / "README.md"
HEAD = "| code | severity | what it means | what comes of it | `--fix` |\n|---|---|---|---|---|\n"
TABLE = re.compile(re.escape(HEAD) + r"(\|.*\|\n)*")
REFRESH = "python -m tests.unit.settlement.tariff_tools.test_lint_readme"


def table() -> str:
    """Write the table as it has to be."""
    return HEAD + "".join(_row(name, code) for name, code in CODES.items())


def _row(name: str, code: Code) -> str:
    mended = f"{code.fixed} " if code.fixed else ""
    left = f"Left: {code.left}" if code.left else ""
    cells = (f"`{name}`", code.severity, code.means, code.costs, (mended + left).strip())
    return f"| {' | '.join(cells)} |\n"


def refreshed(text: str) -> str:
    """Give the README with the table as it has to be."""
    return TABLE.sub(lambda _: table(), text)


def test_the_readme_tells_every_code_as_the_code_does() -> None:
    text = README.read_text()

    assert HEAD in text
    assert refreshed(text) == text, f"refresh the table with: {REFRESH}"


if __name__ == "__main__":
    README.write_text(refreshed(README.read_text()))
