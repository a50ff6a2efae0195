"""The connection to ClickHouse that everything of ours uses.

Rule: HTTP only, whichever server it is. Inserts are synchronous: an answer means stored.
"""

import logging
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError
from clickhouse_connect.driver.httputil import default_pool_manager

from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing

__all__ = ["ClickHouseUnreachable", "Client", "connect", "error_text"]

CONNECT_SECONDS = 5
ANSWER_SECONDS = 300
_AUTHENTICATION_FAILED = 516
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

# It warns of what it raises as well.
logging.getLogger("clickhouse_connect").setLevel(logging.ERROR)


class ClickHouseUnreachable(ServiceMissing):
    """No ClickHouse answers at the address; the text names it, without the password."""


def connect(
    url: str, *, database: str | None = None, answer_seconds: float = ANSWER_SECONDS
) -> Client:
    """Connect to http(s)://user:password@host:port[/database].

    The client may be used by several threads; a query that takes longer than `answer_seconds`
    fails. Raises ClickHouseUnreachable where nothing
    answers and Unusable where the address or the password is wrong.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unusable("a ClickHouse address has the form http://user:password@host:8123")
    place = f"{parts.scheme}://{parts.hostname}:{parts.port or _port(parts.scheme)}"
    try:
        client = clickhouse_connect.get_client(
            interface=parts.scheme,
            host=parts.hostname,
            port=parts.port or _port(parts.scheme),
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            database=database or parts.path.strip("/") or "__default__",
            connect_timeout=CONNECT_SECONDS,
            send_receive_timeout=answer_seconds,
            autogenerate_session_id=False,  # a session would forbid two queries at a time
            tz_mode="aware",
            # A proxy of the environment cannot reach this machine's loopback.
            pool_mgr=default_pool_manager() if parts.hostname in _LOOPBACK else None,
        )
    except OperationalError as error:
        raise ClickHouseUnreachable(f"ClickHouse does not answer at {place}") from error
    except DatabaseError as error:
        if error.code == _AUTHENTICATION_FAILED:
            raise Unusable(f"ClickHouse at {place} refuses this user or password") from error
        raise
    asynchronous = client.server_settings.get("async_insert")
    if asynchronous and not asynchronous.readonly:
        client.set_client_setting("async_insert", "0")
    return client


def error_text(error: ClickHouseError) -> str:
    """Give what ClickHouse said, without what the driver puts around it."""
    text = str(error)
    start = max(text.find("Code: "), 0)
    return text[start:].partition(" (for url ")[0].strip()


def _port(scheme: str) -> int:
    return 8443 if scheme == "https" else 8123
