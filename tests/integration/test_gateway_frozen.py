"""Kafka frozen, absent or restarted: bounded answers, nothing claimed, and everything recovers."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from streams.local.kafka import KafkaProcess, start_kafka, stop_kafka
from streams.local.port import free_port
from streams.topics import INBOX
from tests.builders import a_cdr_document, as_bytes
from tests.integration.gateway_process import (
    create_topics,
    new_partner,
    records_of,
    running_gateway,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

CDRS = "/ocpi/2.2.1/cdrs"
BOUND_SECONDS = 5.0


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaProcess]:
    """A Kafka that this test alone may freeze and stop."""
    started = start_kafka(data_dir=tmp_path / "stack", port=None)
    create_topics(started.brokers)
    try:
        yield started
    finally:
        os.kill(started.pid, signal.SIGCONT)
        stop_kafka(data_dir=tmp_path / "stack")


def test_a_frozen_kafka_means_503_in_bounded_time_and_nothing_is_lost_after(
    own_kafka: KafkaProcess, tmp_path: Path
) -> None:
    token = new_partner(own_kafka.brokers, "NL*TNM")
    with running_gateway(brokers=own_kafka.brokers, data_dir=tmp_path) as gateway:
        acknowledged: list[str] = []

        def post(object_id: str) -> tuple[int, int, float]:
            begun = time.monotonic()
            body = as_bytes(a_cdr_document(id=object_id))
            answer = gateway.ask("POST", CDRS, token, content=body)
            if answer.status_code == 201:
                acknowledged.append(object_id)
            return answer.status_code, answer.json()["status_code"], time.monotonic() - begun

        before = post("before")
        os.kill(own_kafka.pid, signal.SIGSTOP)
        with ThreadPoolExecutor(32) as pool:
            frozen = list(pool.map(post, [f"frozen-{number}" for number in range(32)]))
            shed = list(pool.map(post, [f"shed-{number}" for number in range(64)]))
        stranger = gateway.ask("GET", "/ocpi/versions", "nobody")
        health = gateway.ask("GET", "/healthz", None)
        os.kill(own_kafka.pid, signal.SIGCONT)
        deadline = time.monotonic() + 30
        while post("after")[:2] != (201, 1000):
            assert time.monotonic() < deadline

        assert before[:2] == (201, 1000)
        assert {one[:2] for one in frozen + shed} == {(503, 3000)}
        assert max(one[2] for one in frozen + shed) < BOUND_SECONDS
        # Once the broker is known to be frozen most are refused at once.
        assert sorted(one[2] for one in shed)[len(shed) // 2] < 1
        assert (stranger.status_code, stranger.json()["status_code"]) == (503, 3000)
        assert health.status_code == 503
        written = [
            dict(record.headers)["object_id"].decode()
            for record in records_of(own_kafka.brokers, INBOX, key="NL*TNM")
        ]
        assert set(acknowledged) - set(written) == set()


def test_the_gateway_starts_without_kafka_and_serves_once_it_is_there(tmp_path: Path) -> None:
    port = free_port()
    stack = tmp_path / "stack"
    with running_gateway(brokers=f"127.0.0.1:{port}", data_dir=tmp_path) as gateway:
        without = gateway.ask("POST", CDRS, "any", content=as_bytes(a_cdr_document()))
        try:
            started = start_kafka(data_dir=stack, port=port)
            create_topics(started.brokers)
            token = new_partner(started.brokers, "NL*TNM")
            deadline = time.monotonic() + 30
            while True:
                answer = gateway.ask("POST", CDRS, token, content=as_bytes(a_cdr_document()))
                if answer.status_code == 201:
                    break
                assert answer.status_code == 503, answer.text
                assert time.monotonic() < deadline
        finally:
            stop_kafka(data_dir=stack)

        assert (without.status_code, without.json()["status_code"]) == (503, 3000)
        assert gateway.stop() == 0


def test_a_restart_of_kafka_under_traffic_loses_no_acknowledged_cdr(tmp_path: Path) -> None:
    port = free_port()
    stack = tmp_path / "stack"
    brokers = start_kafka(data_dir=stack, port=port).brokers
    try:
        create_topics(brokers)
        token = new_partner(brokers, "NL*TNM")
        with running_gateway(brokers=brokers, data_dir=tmp_path) as gateway:
            acknowledged: list[str] = []
            enough = threading.Event()

            def send(sender: int) -> None:
                number = 0
                with httpx.Client(base_url=gateway.url, timeout=20, trust_env=False) as client:
                    while not enough.is_set():
                        number += 1
                        object_id = f"{sender}-{number}"
                        answer = client.post(
                            CDRS,
                            headers={"Authorization": f"Token {token}"},
                            content=as_bytes(a_cdr_document(id=object_id)),
                        )
                        assert answer.status_code in {201, 503}
                        if answer.status_code == 201:
                            acknowledged.append(object_id)

            with ThreadPoolExecutor(4) as pool:
                senders = [pool.submit(send, sender) for sender in range(4)]
                try:
                    wait_for(acknowledged, 20)
                    stop_kafka(data_dir=stack)
                    start_kafka(data_dir=stack, port=port)
                    wait_for(acknowledged, len(acknowledged) + 20)
                finally:
                    enough.set()
                for sender in senders:
                    sender.result()
        written = [
            dict(record.headers)["object_id"].decode()
            for record in records_of(brokers, INBOX, key="NL*TNM")
        ]
    finally:
        stop_kafka(data_dir=stack)

    assert set(acknowledged) - set(written) == set()
    assert len(acknowledged) >= 40


def wait_for(acknowledged: list[str], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(acknowledged) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)
