"""Named places at which a test kills this process.

Rule: without the setting `SETTLE_KILL_POINT` this does nothing; only tests set it. The value is
`NAME` or `NAME:N`, to be killed the Nth time the place is passed.
"""

import os
import signal

# name: where it is
KILL_POINTS = {
    "gateway_before_publish": "a document was checked and not yet sent to Kafka",
    "gateway_after_ack": "Kafka acknowledged a document, the partner has no answer yet",
    "streams_before_transaction": "facts are applied in memory, nothing is written",
    "streams_in_transaction": "outcomes are written, the transaction is open",
    "streams_after_transaction": "the transaction is committed, nothing is acknowledged",
    "sink_before_rest": "CDRs are inserted, what accounts for them is not",
    "sink_before_offset": "rows are inserted, the offset is not written",
    "sink_after_offset": "rows and offset are written",
}

_SETTING = os.environ.get("SETTLE_KILL_POINT", "")
_NAME, _, _COUNT = _SETTING.partition(":")
_left = int(_COUNT or "1")
assert not _NAME or _NAME in KILL_POINTS, _NAME


def kill_point(name: str) -> None:
    """End this process with SIGKILL where a test asked for it here."""
    if name != _NAME:
        return
    global _left  # noqa: PLW0603 - a countdown of this process
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
