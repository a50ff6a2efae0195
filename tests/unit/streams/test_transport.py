"""How long Faust lets a broker hold a fetch: the setting that has no name must go on working."""

import subprocess
import sys

from streams.settings import FETCH_BYTES_AT_LEAST, FETCH_WAIT_MILLISECONDS

# A process of its own: Faust leaves loops behind that it opens for threads it never starts.
LOOK = """
import asyncio
from streams.agents import inbox_app
from streams.settings import StreamsSettings

async def look():
    app, _ = inbox_app(StreamsSettings(kafka_brokers="127.0.0.1:9"), name="streams")
    thread = app.consumer._new_consumer_thread()
    consumer = thread._create_worker_consumer(app.transport)
    print(consumer._fetch_max_wait_ms, consumer._fetch_min_bytes)

asyncio.run(look())
"""


def test_a_fetch_is_held_for_a_short_time() -> None:
    done = subprocess.run([sys.executable, "-c", LOOK], capture_output=True, text=True, check=False)

    assert done.stdout.split() == [str(FETCH_WAIT_MILLISECONDS), str(FETCH_BYTES_AT_LEAST)], done
