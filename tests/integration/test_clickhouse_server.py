"""What the local server does in its own way; tests/integration/test_clickhouse_contract.py holds
what it does as every ClickHouse.
"""

from urllib.parse import urlsplit

import httpx
import pytest

from settlement.cli.exit import Unusable
from settlement.clickhouse.client import ClickHouseUnreachable, connect
from tests.integration.clickhouse_fixture import ClickHouse

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    ("user", "password"), [("writer", "wrong"), ("writer", ""), ("nobody", ""), ("default", "")]
)
def test_a_wrong_password_is_refused(clickhouse: ClickHouse, user: str, password: str) -> None:
    parts = urlsplit(clickhouse.url)

    answer = httpx.post(
        f"http://{parts.hostname}:{parts.port}/", content="SELECT 1", auth=(user, password)
    )

    assert answer.status_code in {401, 403}
    assert answer.headers["X-ClickHouse-Exception-Code"] == "516"


def test_an_error_in_the_second_block_is_an_error_and_not_the_end_of_a_result(
    clickhouse: ClickHouse,
) -> None:
    numbers = "numbers(200)"
    asked = f"SELECT number, throwIf(number = 150) FROM {numbers} SETTINGS max_block_size = 100"

    answer = httpx.post(clickhouse.url, content=asked)
    whole = httpx.post(clickhouse.url, content=f"SELECT count() FROM {numbers}")

    assert answer.status_code == 500
    assert answer.headers["X-ClickHouse-Exception-Code"] == "395"
    assert "\t" not in answer.text  # no row of the first block
    assert "X-ClickHouse-Exception-Tag" not in whole.headers  # nothing came after it
    assert whole.headers["Content-Length"] == "4"


def test_our_client_says_what_is_wrong_in_a_sentence(clickhouse: ClickHouse) -> None:
    parts = urlsplit(clickhouse.url)

    with pytest.raises(Unusable, match="refuses this user or password"):
        connect(f"http://{parts.username}:wrong@{parts.hostname}:{parts.port}")
    with pytest.raises(ClickHouseUnreachable, match=r"does not answer at http://127\.0\.0\.1:1$"):
        connect("http://writer:secret@127.0.0.1:1")
    with pytest.raises(Unusable, match="has the form"):
        connect("127.0.0.1:8123")
