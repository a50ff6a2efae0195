"""`settle partner`: register partners, list them, end their tokens.

Rule: a token is shown once, alone on stdout; nothing else ever prints one.
"""

import asyncio
import json
import sys
from collections.abc import Coroutine, Sequence
from typing import Annotated, Any, TypeVar

import typer

from settlement.cli.exit import Unusable
from settlement.cli.services import DataDir, ServiceMissing, kafka_brokers

T = TypeVar("T")
Party = Annotated[str, typer.Option(help="The party, such as NL*TNM.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]

partner = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Register partners and their tokens.",
)


@partner.command()
def add(
    *,
    data: DataDir,
    party: Party,
    role: Annotated[list[str], typer.Option(help="CPO, EMSP, ...; may be given again.")],
    name: Annotated[str, typer.Option(help="A name for people.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="End the older tokens.")] = False,
    as_json: Json = False,
) -> None:
    """Give a party a further token and print it: it is shown this once and stored hashed."""
    from ingest.partner import register_partner  # noqa: PLC0415 - aiokafka takes 0.2 s

    roles = [one.upper() for one in role]
    _check(party, roles)
    token = _ask(
        register_partner(
            brokers=kafka_brokers(data), party=party, roles=roles, name=name, replace=replace
        )
    )
    if as_json:
        print(json.dumps({"party": party.upper(), "roles": roles, "token": token}))
        return
    print(f"{party.upper()}: token for {', '.join(roles)}, shown only now", file=sys.stderr)
    print(token)


@partner.command("list")
def list_partners(data: DataDir, as_json: Json = False) -> None:
    """List the partners, their roles and the number of their tokens."""
    from ingest.partner import load_partners  # noqa: PLC0415 - as above

    partners = _ask(load_partners(brokers=kafka_brokers(data)))
    found = [
        {
            "party": known.party,
            "name": known.name,
            "roles": [{"party": held.party, "role": held.role} for held in known.roles],
            "tokens": len(known.tokens),
        }
        for known in partners
    ]
    if as_json:
        print(json.dumps({"partners": found}, indent=2))
        return
    for known in partners:
        roles = ", ".join(held.role for held in known.roles)
        print(f"{known.party}  {roles}  {len(known.tokens)} token(s)  {known.name}".rstrip())
    if not partners:
        print('no partner is registered: settle partner add --party "NL*TNM" --role CPO')


@partner.command()
def revoke(data: DataDir, party: Party, as_json: Json = False) -> None:
    """End all tokens of a party; gateways stop accepting them within a second."""
    from ingest.partner import revoke_partner  # noqa: PLC0415 - as above

    _check(party)
    ended = _ask(revoke_partner(brokers=kafka_brokers(data), party=party))
    if as_json:
        print(json.dumps({"party": party.upper(), "ended": ended}))
        return
    print(f"{party.upper()}: {ended} token(s) ended")


def _check(party: str, roles: Sequence[str] = ()) -> None:
    """Say what is wrong with the words before Kafka is looked for."""
    from ingest.partner import checked_partner  # noqa: PLC0415 - as above

    try:
        checked_partner(party, roles)
    except ValueError as error:
        raise Unusable(str(error)) from error


def _ask(work: Coroutine[Any, Any, T]) -> T:
    """Run a piece of work against Kafka; its expected failures become the user's."""
    import logging  # noqa: PLC0415 - only commands that talk to Kafka need it

    from aiokafka.errors import KafkaError  # noqa: PLC0415 - as above

    from streams.publisher import NotPublished  # noqa: PLC0415 - as above

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        return asyncio.run(work)
    except (KafkaError, NotPublished, TimeoutError) as error:
        raise ServiceMissing(
            f"Kafka does not answer, or `settle topics apply` was never run: {error}"
        ) from error
    except (ValueError, LookupError) as error:
        raise Unusable(str(error)) from error
