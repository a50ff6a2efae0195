"""`settle dead-letters`: list and show what could not be processed, retry or drop it.

Rule: arguments and words; what is open stands in `streams.kept_letter`, a decision is made in
`streams.decide`, and what it did is told by `streams.decided`.
"""

import asyncio
import base64
import getpass
import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from settlement.cli.exit import FINDINGS, Unusable
from settlement.cli.services import DataDir, ServiceMissing, clickhouse_reader_url, kafka_brokers

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from streams.decided import Result
    from streams.kept_letter import KeptLetter

WAIT_SECONDS = 30
MESSAGE_CHARACTERS = 160
# Why there can be a dead letter: `streams.dead_letter.reason_of`, and rows that the sink buries.
CODES = ("unreadable", "step_failed", "too_large", "row_refused")

dead_letters = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=(
        "List and show what could not be processed, retry or drop it. A dead letter is named by "
        "PARTITION/OFFSET of its record in the inbox, such as 3/17."
    ),
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]
Generation = Annotated[
    int | None, typer.Option(min=1, help="Whose dead letters; else the live generation's.")
]
Places = Annotated[
    list[str] | None,
    typer.Argument(metavar="PLACE", help="PARTITION/OFFSET of each.", show_default=False),
]
Every = Annotated[bool, typer.Option("--all", help="Every open one that the options let pass.")]


def _known_code(code: str) -> str:
    if code and code not in CODES:
        raise Unusable(f"--code {code!r}: must be one of {', '.join(CODES)}")
    return code


def _known_cpo(cpo: str) -> str:
    from settlement.party import parse_party  # noqa: PLC0415 - only where it is given

    try:
        return str(parse_party(cpo.strip())) if cpo else ""
    except ValueError as error:
        raise Unusable(f"--cpo: {error}") from None


Code = Annotated[
    str, typer.Option(callback=_known_code, help=f"Only this reason: {', '.join(CODES)}.")
]
Cpo = Annotated[str, typer.Option(callback=_known_cpo, help="Only of this CPO, such as NL*TNM.")]
Actor = Annotated[
    str,
    typer.Option(
        help="Who decides.", default_factory=getpass.getuser, show_default="the user's name"
    ),
]
Wait = Annotated[
    int, typer.Option(min=0, metavar="SECONDS", help="How long to wait for what comes of it.")
]


@dead_letters.command("list")
def list_letters(
    *,
    data: DataDir,
    every: Annotated[bool, typer.Option("--all", help="Also those decided on.")] = False,
    code: Code = "",
    cpo: Cpo = "",
    generation: Generation = None,
    as_json: Json = False,
) -> None:
    """List the open dead letters, the oldest first."""
    client, number = _reading(data, generation)
    found = _load(client, number, status="" if every else "open", code=code, cpo=cpo)
    if as_json:
        print(json.dumps({"dead_letters": [_written(letter) for letter in found]}, indent=2))
        return
    for letter in found:
        _print_letter(letter)
    print(f"{len(found)} {'' if every else 'open '}dead letter{'' if len(found) == 1 else 's'}.")


@dead_letters.command("show")
def show(
    place: Annotated[str, typer.Argument(help="PARTITION/OFFSET of its record.")],
    data: DataDir,
    body: Annotated[
        bool, typer.Option("--body", help="Print the record's bytes alone on stdout.")
    ] = False,
    generation: Generation = None,
    as_json: Json = False,
) -> None:
    """Show why a record could not be processed, where it came from, and its bytes."""
    from streams.kept_letter import load_bytes  # noqa: PLC0415 - loads the client

    client, number = _reading(data, generation)
    found = _named(_load(client, number), [place])
    headers, value = load_bytes(client, generation=number, letter=found[0])
    if body:
        sys.stdout.buffer.write(value)
        return
    text = _text(value)
    if as_json:
        told = {"body": text, "body_base64": base64.b64encode(value).decode()}
        letters = [_written(letter) for letter in found]
        print(json.dumps({"dead_letters": letters, "headers": headers, **told}, indent=2))
        return
    for letter in found:
        _print_letter(letter, whole=True)
    for name, said in sorted(headers.items()):
        print(f"  {name}: {said}")
    print(f"{len(value)} bytes" if text is None else text)


@dead_letters.command("retry")
def retry(
    *,
    data: DataDir,
    places: Places = None,
    every: Every = False,
    code: Code = "",
    cpo: Cpo = "",
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    actor: Actor,
    wait: Wait = WAIT_SECONDS,
    generation: Generation = None,
    as_json: Json = False,
) -> None:
    """Apply dead-lettered records, or the runs of CDRs that failed, again.

    Exit code 1 where one failed again or the decision had no effect.
    """
    client, number = _reading(data, generation)
    chosen = _chosen(client, number, places, every=every, code=code, cpo=cpo)
    results = _decide(
        data, client, number, chosen, method="RETRY", reason=reason, actor=actor, wait=wait
    )
    _tell(results, done="applied again", as_json=as_json)


@dead_letters.command("drop")
def drop(
    *,
    data: DataDir,
    reason: Annotated[str, typer.Option(help="Why, for the record.", show_default=False)],
    places: Places = None,
    every: Every = False,
    code: Code = "",
    cpo: Cpo = "",
    actor: Actor,
    wait: Wait = WAIT_SECONDS,
    generation: Generation = None,
    as_json: Json = False,
) -> None:
    """Close dead letters for good; their documents stay accounted for as dead-lettered.

    Exit code 1 where the decision had no effect.
    """
    if not reason.strip():
        raise Unusable("--reason says why it is dropped, and may not be empty")
    client, number = _reading(data, generation)
    chosen = _chosen(client, number, places, every=every, code=code, cpo=cpo)
    results = _decide(
        data, client, number, chosen, method="DROP", reason=reason, actor=actor, wait=wait
    )
    _tell(results, done="dropped", as_json=as_json)


def _reading(data: "Path", generation: int | None) -> tuple["Client", int]:
    from settlement.clickhouse.migrate import live_generation  # noqa: PLC0415 - loads the client
    from settlement.clickhouse.query import connect_reader  # noqa: PLC0415 - as above
    from streams.generation import generations  # noqa: PLC0415 - as above

    client = connect_reader(clickhouse_reader_url(data))
    number = generation or live_generation(client)
    if number is None:
        raise Unusable("there is no live generation: run `settle migrate` first")
    if number not in generations(client):
        raise Unusable(f"there is no generation {number}")
    return client, number


def _load(
    client: "Client", generation: int, *, status: str = "", code: str = "", cpo: str = ""
) -> list["KeptLetter"]:
    from streams.kept_letter import load_letters  # noqa: PLC0415 - loads the client

    return load_letters(client, generation=generation, status=status, reason=code, cpo=cpo)


def _named(letters: Iterable["KeptLetter"], places: Iterable[str]) -> list["KeptLetter"]:
    """Give the letters at these places, those of the inbox before others."""
    from streams.kept_letter import parse_place  # noqa: PLC0415 - loads the client

    every = list(letters)
    found: list[KeptLetter] = []
    for text in places:
        try:
            place = parse_place(text)
        except ValueError as error:
            raise Unusable(str(error)) from error
        here = [letter for letter in every if letter.place == place]
        if not here:
            raise Unusable(f"there is no dead letter at {place}: `settle dead-letters list --all`")
        found += sorted(here, key=lambda letter: not letter.is_of_inbox)
    return found


def _chosen(
    client: "Client",
    generation: int,
    places: list[str] | None,
    *,
    every: bool,
    code: str,
    cpo: str,
) -> list["KeptLetter"]:
    if bool(places) == every:
        raise Unusable("name the dead letters, such as 3/17, or say --all")
    if places:
        named = _named(_load(client, generation, code=code, cpo=cpo), places)
        refused = sorted({letter.place for letter in named if not letter.is_of_inbox})
        found = [letter for letter in named if letter.is_of_inbox]
        if len({letter.place for letter in found}) < len(set(places)):
            raise Unusable(
                f"{', '.join(map(str, refused))} is a row that ClickHouse refused, no record of "
                "the inbox: once the table is mended, `settle replay` writes it"
            )
        return found
    found = _load(client, generation, status="open", code=code, cpo=cpo)
    return [letter for letter in found if letter.is_of_inbox]


def _decide(
    data: "Path",
    client: "Client",
    generation: int,
    letters: list["KeptLetter"],
    *,
    method: str,
    reason: str,
    actor: str,
    wait: int,
) -> list["Result"]:
    """Write the decisions and give what came of them."""
    import logging  # noqa: PLC0415 - only what talks to Kafka needs it

    from aiokafka.errors import KafkaError  # noqa: PLC0415 - as above

    from streams.decide import publish_decisions  # noqa: PLC0415 - as above
    from streams.decided import letter_ends, wait_for_results  # noqa: PLC0415 - as above
    from streams.publisher import NotPublished  # noqa: PLC0415 - as above

    if not letters:
        return []
    brokers = kafka_brokers(data)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        ends = asyncio.run(letter_ends(brokers=brokers, generation=generation))
        published = asyncio.run(
            publish_decisions(
                brokers=brokers,
                letters=letters,
                method=method,
                actor=actor,
                reason=reason,
                clock=lambda: datetime.now(UTC),
            )
        )
        return wait_for_results(
            client,
            brokers=brokers,
            generation=generation,
            published=published,
            ends_before=ends,
            seconds=wait,
        )
    except (KafkaError, NotPublished, TimeoutError) as error:
        raise ServiceMissing(f"Kafka does not answer: {error}") from error


def _tell(results: list["Result"], *, done: str, as_json: bool) -> NoReturn:
    if as_json:
        written = [
            {
                "partition": one.place.partition,
                "offset": one.place.offset,
                "decision_offset": one.decision.offset,
                "outcome": one.outcome,
                "message": one.message,
                "failed_again": one.failed_again,
            }
            for one in results
        ]
        print(json.dumps({"decisions": written}, indent=2))
    else:
        for one in results:
            print(f"{one.place}  {_sentence(one, done)}")
        if not results:
            print("No open dead letter is meant.")
    unseen = [one for one in results if not one.outcome]
    if unseen:
        raise ServiceMissing(
            f"{len(unseen)} decisions stand in the inbox, and nothing came of them in time: do the "
            "worker and the sink run? `settle status` says so"
        )
    raise typer.Exit(0 if all(one.is_fine for one in results) else FINDINGS)


def _sentence(result: "Result", done: str) -> str:
    if not result.outcome:
        return f"decided at {result.decision}; nothing came of it yet"
    if result.outcome == "no_effect":
        return f"no effect: {result.message}"
    if result.outcome == "dead_lettered":
        return f"failed again: {_short(result.message)}"
    if result.failed_again:
        return f"failed again: {result.failed_again} new dead letters at {result.decision}"
    return done if result.outcome == "applied" else f"{done}: {result.outcome}"


def _print_letter(letter: "KeptLetter", *, whole: bool = False) -> None:
    place = str(letter.place) if letter.is_of_inbox else f"{letter.topic} {letter.place}"
    print(
        f"{place}  {letter.status}  {letter.reason}  {letter.cpo} {letter.module} "
        f"{letter.object_key}  received {letter.received_time:%Y-%m-%d %H:%M:%S}"
    )
    print(f"      {letter.message if whole else _short(letter.message)}")
    if letter.actor:
        print(f"      {letter.status} by {letter.actor}: {letter.decision or '(no reason)'}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MESSAGE_CHARACTERS else line[: MESSAGE_CHARACTERS - 3] + "..."


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _written(letter: "KeptLetter") -> dict[str, Any]:
    return {
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "status": letter.status,
        "reason": letter.reason,
        "message": letter.message,
        "cpo": letter.cpo,
        "module": letter.module,
        "object_key": letter.object_key,
        "received_time": letter.received_time.isoformat(),
        "version": letter.version,
        "actor": letter.actor,
        "decision": letter.decision,
    }
