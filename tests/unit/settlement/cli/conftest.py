"""`settle` as it is called, and files for it."""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from settlement.cli import main
from tests.builders import as_bytes

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["settle", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code or 0
        assert isinstance(code, int)
        return code, printed.out, printed.err

    return run


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(content: Any, name: str = "cdr.json") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else as_bytes(content))
        return str(path)

    return write
