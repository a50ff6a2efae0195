"""What the fold writes for the awkward documents, as bytes: `python -m tests.pipeline.fold_bytes`.

Rule: prints a line a topic with the digest of all its messages in order, and one of the state; no
clock, no order of a set and no environment may show in them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import Inbox


@dataclass
class Written(Inbox):
    """An inbox that keeps a digest of every message instead of rows."""

    digests: defaultdict[str, Any] = field(default_factory=lambda: defaultdict(hashlib.sha256))

    def _store(self, topic: str, key: bytes, value: bytes, headers: Any, offset: int) -> None:
        del offset  # where the record stands is not what was written
        self.digests[topic].update(repr((key, value, headers)).encode())


def lines() -> Iterator[str]:
    """Fold the documents and give the lines."""
    inbox = Written()
    state = hashlib.sha256()
    for sent in awkward_documents():
        inbox.receive(sent)
        for key, value in inbox.state.take_changed().items():
            state.update(key.encode() + value)
    for topic, digest in sorted(inbox.digests.items()):
        yield f"{topic} {digest.hexdigest()}"
    yield f"state {state.hexdigest()}"


if __name__ == "__main__":
    print("\n".join(lines()))
