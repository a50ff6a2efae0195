"""The two users of the local ClickHouse and their passwords.

Rule: random, made once for a data directory, readable by its owner only.
"""

import os
import secrets
from pathlib import Path

import msgspec


class Credentials(msgspec.Struct, frozen=True):
    """The passwords of the writer, which may do anything, and of the reader."""

    writer: str
    reader: str

    def passwords(self) -> dict[str, str]:
        """Give the password of each user."""
        return {"writer": self.writer, "reader": self.reader}


def load_credentials(path: Path) -> Credentials:
    """Read the passwords, or make them where the file is not there."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Credentials)
    except FileNotFoundError:
        made = Credentials(writer=secrets.token_urlsafe(18), reader=secrets.token_urlsafe(18))
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(made))
    draft.replace(path)
    return made
