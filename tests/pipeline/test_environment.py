"""The fold writes the same bytes in every process: no hash seed, zone or locale shows."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
    # Without the machine's time-zone files: those of the package are read.
    {"PYTHONHASHSEED": "3", "TZ": "Pacific/Chatham", "PYTHONTZPATH": ""},
)


def test_hash_seed_time_zone_and_locale_of_the_process_show_nowhere() -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.pipeline.fold_bytes"],
            env={**os.environ, **environment},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for environment in ENVIRONMENTS
    ]

    said = [process.communicate(timeout=60)[0].splitlines() for process in processes]

    assert [process.returncode for process in processes] == [0, 0, 0]
    topics = {line.split()[0] for line in said[0]}
    assert {"state", "inbox", "dead-letter", "settlement.cdr", "settlement.document"} < topics
    assert said[0] == said[1] == said[2]
