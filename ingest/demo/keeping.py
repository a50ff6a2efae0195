"""What `--keep` says: where the running stack answers and how to use it.

Rule: text that works when it is pasted; the integration test pastes it.
"""

import base64
import shlex

from ingest.demo.arrivals import charge_of
from ingest.demo.claim import claim_of
from ingest.demo.documents import cdr_document
from ingest.demo.request import encoded
from settlement.cli.services import default_data_dir
from streams.local.stack import Stack

# A number that no scenario reaches.
EXAMPLE = 9_999_999


def advice(stack: Stack, tokens: dict[str, str]) -> str:
    """Write addresses, tokens and commands to try."""
    is_default = stack.data_dir == default_data_dir().resolve()
    option = "" if is_default else f" --data {shlex.quote(str(stack.data_dir))}"
    listed = "\n".join(f"  {party}  {token}" for party, token in tokens.items())
    reader = stack.reader_url.rstrip("/")
    return f"""
The stack is still running.
  gateway     {stack.ingest_url}/ocpi/versions
  Kafka       {stack.brokers}
  ClickHouse  {reader}

Tokens of the partners:
{listed}

Send a CDR:
{_curl(stack, tokens)}

Ask the settlement:
  settle sql{option} "SELECT cpo, emsp, currency, sum(payable) FROM cdr_settled GROUP BY ALL"

Ask it from Python:
  import clickhouse_connect
  client = clickhouse_connect.get_client(dsn="{reader}/settlement")
  client.query_df("SELECT cdr_id, claimed_before_taxes, payable FROM cdr_settled LIMIT 9")

Stop it:
  settle down{option}
"""


def _curl(stack: Stack, tokens: dict[str, str]) -> str:
    charge = charge_of(1, EXAMPLE)
    document = cdr_document(charge, charge.evse.terms, claim_of(charge, charge.evse.terms))
    token = base64.b64encode(tokens[charge.place.cpo].encode()).decode()
    return (
        f"  curl -s -X POST {stack.ingest_url}/ocpi/2.2.1/cdrs \\\n"
        f"    -H 'Authorization: Token {token}' -H 'Content-Type: application/json' \\\n"
        f"    -d {shlex.quote(encoded(document).decode())}"
    )
