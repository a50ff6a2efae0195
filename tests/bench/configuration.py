"""What two sides of a bench run with, printed before their figures.

Rule: one line a side; what the code holds as a constant or a setting is read from there.
"""

import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version


def release(package: str) -> str:
    """Give a package's name and version."""
    return f"{package} {version(package)}"


def say(packages: Sequence[str], sides: Mapping[str, Mapping[str, object]]) -> None:
    """Print one line of the packages that both use, then one a side."""
    used = ", ".join(release(package) for package in packages)
    lines = [f"both: Python {platform.python_version()}, {used}"]
    for side, settings in sides.items():
        told = ", ".join(f"{name}={value}" for name, value in settings.items())
        lines.append(f"{side}: {told}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
