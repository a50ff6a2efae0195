"""What two sides of a bench run with, printed before their figures.

Rule: one line a side; constants and settings as they are read, so that none is told from memory.
"""

import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version


def say(packages: Sequence[str], sides: Mapping[str, Mapping[str, object]]) -> None:
    """Print one line of packages with their versions, then one a side."""
    used = [f"{name} {version(name)}" for name in packages]
    lines = [f"both: Python {platform.python_version()}, {', '.join(used)}"]
    for side, settings in sides.items():
        told = ", ".join(f"{name}={value}" for name, value in settings.items())
        lines.append(f"{side}: {told}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
