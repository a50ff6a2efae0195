"""One partition's state as a worker takes it over: how long it takes and what it weighs.

    python -m tests.bench.state_process BROKERS TOPIC PARTITION [weigh]

Rule: a process of its own, since what is measured is its memory; it prints one line of JSON. To
weigh what the state holds every allocation is counted, which takes time: not in one run with it.
"""

import asyncio
import gc
import json
import sys
import time
import tracemalloc

import psutil

from streams.load import load_state
from streams.state import State


async def main(brokers: str, topic: str, partition: int, *, weigh: bool) -> None:
    process = psutil.Process()
    await load_state(brokers=brokers, topic=topic, partition=partition + 1)  # an empty one
    gc.collect()
    before = process.memory_info().rss
    if weigh:
        tracemalloc.start()
    began = time.perf_counter()
    objects, _ = await load_state(brokers=brokers, topic=topic, partition=partition)
    read = time.perf_counter()
    state = State()
    state.load(objects)
    built = time.perf_counter()
    count = len(objects)
    resident = process.memory_info().rss - before
    del objects
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    facts = {
        "objects": count,
        "read_seconds": read - began,
        "index_seconds": built - read,
        "resident_bytes": resident / count,
        "held_bytes": held / count,
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    assert len(state) == count


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), weigh="weigh" in sys.argv))
