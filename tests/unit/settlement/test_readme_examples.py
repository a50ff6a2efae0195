"""The examples of the room's README run."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parents[3] / "settlement" / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_readme_runs(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(README.parents[1])

    code = compile(EXAMPLES[number], f"settlement/README.md, example {number}", "exec")
    exec(code, {})  # noqa: S102

    assert Path.cwd() == README.parents[1]


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) >= 3
