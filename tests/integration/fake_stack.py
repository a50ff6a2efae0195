"""A stack with the real Kafka and stand-ins for the roles, run as a process by the tests.

    python -m tests.integration.fake_stack up DIR KAFKA_PORT INGEST_PORT   the supervisor
    python -m tests.integration.fake_stack ROLE                            one stand-in

Rule: a stand-in keeps what a role promises: it beats or answers, and leaves on SIGTERM. One whose
DIR/run/ROLE.broken exists dies at once.
"""

import http.server
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing
from streams.local.layout import Layout, Ports, run_stack


class Gateway(http.server.BaseHTTPRequestHandler):
    """Answers as the gateway does to somebody without a token."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def role(name: str) -> None:
    run = Path(os.environ["SETTLE_DATA_DIR"]) / "run"
    signal.signal(signal.SIGTERM, leave)
    if (run / f"{name}.broken").exists():
        say("the stand-in is broken")
        sys.exit(7)
    if name == "ingest":
        address = ("127.0.0.1", int(os.environ["INGEST_PORT"]))
        http.server.HTTPServer(address, Gateway).serve_forever()
    while True:
        (run / f"{name}.alive").touch()
        time.sleep(0.1)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def supervise(data_dir: Path, kafka_port: int, ingest_port: int) -> int:
    def catch(ask_to_stop: object) -> None:
        assert callable(ask_to_stop)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ask_to_stop())

    def prepare(layout: Layout) -> None:
        (data_dir / "prepared").write_text(str(layout.addresses()["brokers"]))

    me = [sys.executable, "-m", "tests.integration.fake_stack"]
    try:
        run_stack(
            data_dir=data_dir,
            ports=Ports(kafka=kafka_port, ingest=ingest_port),
            say=say,
            ready=lambda _: None,
            catch_signals=catch,
            commands={name: [*me, name] for name in ("sink", "streams", "ingest")},
            prepare=prepare,
        )
    except Unusable as unusable:
        say(str(unusable))
        return 2
    except ServiceMissing as missing:
        say(str(missing))
        return 3
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "up":
        sys.exit(supervise(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
    role(sys.argv[1])
