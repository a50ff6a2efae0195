"""TCP ports on loopback: whether one is free, and one that is.

Rule: free ports are drawn below the range the system gives to outgoing connections, so that a
part that was killed finds its own port free again when it is restarted. None is given twice: the
parts of a stack draw theirs seconds before they listen.
"""

import secrets
import socket
import time

from settlement.cli.exit import Unusable

LOOPBACK = "127.0.0.1"
# Linux hands out 32768-60999 to outgoing connections.
LOWEST, HIGHEST = 20_000, 32_000
TRIES = 200
# A process that was just killed holds its port for a moment longer.
PATIENCE_SECONDS = 2.0
_given: set[int] = set()  # by this process


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Draw a port that is free now; raises Unusable where none is found."""
    for _ in range(TRIES):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise Unusable(f"found no free port between {LOWEST} and {HIGHEST}")


def claim_port(*, port: int, part: str, change: str, takes_any: bool = False) -> int:
    """Give the port if it is free soon, else another one where `takes_any`, else raise Unusable.

    `change` names the option or setting that chooses another port.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_free(port):
        if takes_any:
            return free_port()
        if time.monotonic() > deadline:
            raise Unusable(f"port {port} for {part} is busy: choose another with {change}")
        time.sleep(0.05)
    _given.add(port)
    return port
