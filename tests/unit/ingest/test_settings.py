"""Settings from the environment, and what is said of wrong ones."""

from pathlib import Path

import pytest

from ingest import server
from ingest.settings import Settings, load_settings
from settlement.cli.exit import Unusable


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in {
        "INGEST_HOST": "0.0.0.0",  # noqa: S104 - nothing is bound
        "INGEST_PORT": "0",
        "KAFKA_BROKERS": "a:1,b:2",
        "SETTLE_DATA_DIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, text)

    settings = load_settings()

    assert (settings.ingest_port, settings.kafka_brokers) == (0, "a:1,b:2")
    assert settings.settle_data_dir == tmp_path


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INGEST_PORT", "eight thousand")

    with pytest.raises(Unusable, match="INGEST_PORT"):
        load_settings()


def test_the_gateway_does_not_start_without_knowing_its_kafka(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KAFKA_BROKERS", raising=False)

    with pytest.raises(Unusable, match="KAFKA_BROKERS"):
        server.main()


def test_an_address_that_cannot_be_bound_is_named() -> None:
    settings = Settings(ingest_host="203.0.113.1", ingest_port=8000, kafka_brokers="a:1")

    with pytest.raises(Unusable, match=r"203\.0\.113\.1:8000.*INGEST_PORT"):
        server._listen(settings)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104 - nothing is bound
        ("::", "http://[::1]:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
    ],
)
def test_the_noted_address_reaches_the_listener(host: str, url: str) -> None:
    assert server._url(host, 8000) == url
