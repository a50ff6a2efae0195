"""A role's sign of life for the local supervisor.

Rule: touched only by a role that is ready and whose loop turns; nothing reads it but `status`.
"""

import asyncio
from pathlib import Path

PERIOD_SECONDS = 1.0


async def show_life(*, data_dir: Path | None, role: str) -> None:
    """Touch DIR/run/ROLE.alive every second until cancelled; without a directory, wait."""
    if data_dir is None:
        return
    path = data_dir / "run" / f"{role}.alive"
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        path.touch()
        await asyncio.sleep(PERIOD_SECONDS)
