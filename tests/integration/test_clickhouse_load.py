"""Many readers beside a writer, and results larger than memory should be."""

import concurrent.futures
import threading
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.integration.clickhouse_fixture import ClickHouse

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(180)]


def test_readers_see_whole_batches_beside_a_writer(clickhouse: ClickHouse) -> None:
    batch, batches = 500, 20
    client = clickhouse.client(database=clickhouse.fresh_database())
    client.command("CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
    done = threading.Event()

    def read() -> list[int]:
        reader, seen = clickhouse.reader(database=client.database), []
        while not done.is_set():
            seen.append(int(str(reader.command("SELECT count() FROM t"))))
        return seen

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        try:
            for number in range(batches):
                client.insert("t", [[number * batch + row, "x"] for row in range(batch)])
        finally:
            done.set()
        seen = [reader.result() for reader in readers]

    assert client.command("SELECT count() FROM t") == batch * batches
    for counts in seen:
        assert counts
        assert counts == sorted(counts)
        assert all(count % batch == 0 for count in counts)


@pytest.mark.parametrize("waits", ["0", "1"])
def test_a_large_result_needs_little_memory(clickhouse: ClickHouse, waits: str) -> None:
    if clickhouse.pid is None:
        return  # the memory of another machine cannot be seen
    statement = "SELECT number, toString(cityHash64(number)) FROM numbers(8000000) FORMAT CSV"
    parts = urlsplit(clickhouse.url)
    server = psutil.Process(clickhouse.pid)
    before = server.memory_info().rss
    size, peak = 0, 0

    with httpx.stream(
        "POST",
        f"http://{parts.hostname}:{parts.port}/",
        params={"wait_end_of_query": waits},
        content=statement,
        auth=(parts.username or "", parts.password or ""),
        timeout=120,
    ) as answer:
        for chunk in answer.iter_bytes(1024 * 1024):
            size += len(chunk)
            peak = max(peak, server.memory_info().rss)

    assert size > 200_000_000
    assert peak - before < 150_000_000
