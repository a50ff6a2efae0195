"""CDRs that keep coming in while something else is looked at.

Rule: real records through the rig's publisher, each under an id of its own.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.builders import a_cdr_document
from tests.integration.rig import Rig
from tests.pipeline.inbox import Sent, a_sent

CDRS_AT_A_TIME = 5
PAUSE_SECONDS = 0.1


def cdrs(prefix: str, count: int = CDRS_AT_A_TIME) -> list[Sent]:
    """Give CDRs whose ids begin with a prefix."""
    return [
        a_sent("cdrs", "POST", a_cdr_document(id=f"{prefix}-{number}")) for number in range(count)
    ]


@contextmanager
def traffic(rig: Rig, prefix: str) -> Iterator[None]:
    """Let CDRs come in for the time of a block."""
    is_over = threading.Event()

    def send() -> None:
        number = 0
        while not is_over.is_set():
            rig.send(cdrs(f"{prefix}-{number}"))
            number += 1
            time.sleep(PAUSE_SECONDS)

    sending = threading.Thread(target=send)
    sending.start()
    try:
        yield
    finally:
        is_over.set()
        sending.join()
