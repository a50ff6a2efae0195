"""Which generation the roles of the local stack derive.

Rule: a file of the data directory, read when a role starts; on a cluster it is the setting
STREAMS_GENERATION.
"""

from pathlib import Path


def generation_file(data_dir: Path) -> Path:
    """Give the file that says which generation the local stack's roles derive."""
    return data_dir / "run" / "generation"


def local_generation(data_dir: Path) -> int:
    """Give the generation that the local stack's roles derive; the first, unless switched."""
    try:
        return int(generation_file(data_dir).read_text())
    except FileNotFoundError:
        return 1


def remember_generation(data_dir: Path, generation: int) -> None:
    """Let the local stack's roles derive this generation from their next start on."""
    path = generation_file(data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(generation))
