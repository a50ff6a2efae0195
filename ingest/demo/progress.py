"""Live progress of a run on stderr.

Rule: shows, measures a second of its own, and keeps nothing else.
"""

import time
from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ingest.demo.play import Stage

# Rates are those of the last seconds.
WINDOW_SECONDS = 5.0


class Board:
    """One line: stage, bar, sent, accepted, settled, and each of them a second."""

    def __init__(self, *, console: Console, cdrs: int) -> None:
        """Take the number of CDRs that are expected to settle."""
        self._progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[counts]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._progress.add_task("starting", total=cdrs, counts="")
        self._seen: deque[tuple[float, Stage]] = deque()

    def __enter__(self) -> Self:
        """Begin to show."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state on the screen."""
        self._progress.stop()

    def look(self, stage: Stage) -> None:
        """Show a stage."""
        now = time.monotonic()
        self._seen.append((now, stage))
        while self._seen[0][0] < now - WINDOW_SECONDS:
            self._seen.popleft()
        self._progress.update(
            self._task,
            description=stage.name,
            completed=stage.settled,
            counts="  ".join(
                f"{name} {getattr(stage, name):,} ({self._rate(name):,.0f}/s)"
                for name in ("sent", "accepted", "settled")
            ),
        )

    def _rate(self, name: str) -> float:
        (begun, first), (ended, last) = self._seen[0], self._seen[-1]
        grown: int = getattr(last, name) - getattr(first, name)
        return grown / max(ended - begun, 1.0)
