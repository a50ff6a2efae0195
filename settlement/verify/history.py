"""Every outcome a CDR ever had: the table `cdr_outcome` against the log.

Rule: a re-run that is in the log and not in the table was lost, one that is in the table alone
was never made; two digests of one version are an alarm.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from settlement.verify.clickhouse import Tables
from settlement.verify.difference import Differences
from settlement.verify.explain import read_tail
from settlement.verify.kafka import open_log
from settlement.verify.number import text_of
from settlement.verify.outcome import (
    SUMMARY_NUMBERS,
    SUMMARY_TEXTS,
    Outcome,
    OutcomeLog,
    summary_of,
)

CHECK = "history"
PAGE = 20_000
CPOS = "SELECT DISTINCT cpo FROM {db}.cdr_outcome ORDER BY cpo"
ROWS = f"""
SELECT cpo, cdr_key, version, outcome_digest, kafka_partition,
       {", ".join((*SUMMARY_TEXTS, *SUMMARY_NUMBERS))}
FROM {{db}}.cdr_outcome FINAL
WHERE cpo = {{cpo:String}} AND cdr_key >= {{key:String}}
  AND (cdr_key, version, outcome_digest) > ({{key:String}}, {{version:Int64}}, {{digest:String}})
ORDER BY cdr_key, version, outcome_digest LIMIT {PAGE}
"""
Place = tuple[str, str, int, str]  # CPO, id, version, digest


async def check_history(
    *, brokers: str, tables: Tables, log: OutcomeLog, differences: Differences
) -> int:
    """Compare the table with the log, both ways; give how many rows the table has."""
    strangers: list[Place] = []
    there: set[tuple[int, int]] = set()  # places in the log
    count = 0
    for row in _rows(tables):
        count += 1
        outcome = _outcome(log, _place(row))
        if outcome is None:
            strangers.append(_place(row))
            continue
        there.add((outcome.partition, outcome.offset))
        if outcome.summary != hash(summary_of(_spelled(row))):
            differences.add(
                CHECK,
                f"CDR {row['cpo']} {row['cdr_key']} version {row['version']}: its columns",
                expected=f"those of {log.topic}/{outcome.partition} offset {outcome.offset}",
                found=", ".join(
                    f"{name} {row[name]}" for name in (*SUMMARY_TEXTS[:2], *SUMMARY_NUMBERS)
                ),
            )
    _check_lost(log, there, differences)
    if strangers:
        await _check_strangers(brokers, log, strangers, differences)
    return count


def _rows(tables: Tables) -> Iterator[dict[str, Any]]:
    for found in tables.rows(CPOS):
        key, version, digest = "", -1, ""
        while True:
            rows = tables.rows(ROWS, cpo=found["cpo"], key=key, version=version, digest=digest)
            yield from rows
            if len(rows) < PAGE:
                break
            last = rows[-1]
            key, version, digest = last["cdr_key"], last["version"], last["outcome_digest"]


def _place(row: dict[str, Any]) -> Place:
    return (row["cpo"], row["cdr_key"], row["version"], row["outcome_digest"])


def _outcome(log: OutcomeLog, place: Place) -> Outcome | None:
    said = log.cdrs.get(place[:2])
    for outcome in said.outcomes if said else ():
        if (outcome.version, outcome.digest) == place[2:]:
            return outcome
    return None


def _spelled(row: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: row[name] for name in SUMMARY_NUMBERS}
    return row | {
        name: None if one is None else text_of(Decimal(one)) for name, one in numbers.items()
    }


def _check_lost(log: OutcomeLog, there: set[tuple[int, int]], differences: Differences) -> None:
    for (cpo, key), said in log.cdrs.items():
        for outcome in said.outcomes:
            if outcome.is_stored and (outcome.partition, outcome.offset) not in there:
                differences.add(
                    CHECK,
                    f"CDR {cpo} {key}: outcome of version {outcome.version}",
                    expected=f"a row with digest {outcome.digest}, as in {log.topic}/"
                    f"{outcome.partition} offset {outcome.offset}",
                    found=None,
                )


async def _check_strangers(
    brokers: str, log: OutcomeLog, strangers: list[Place], differences: Differences
) -> None:
    """Say which rows nobody made; they may have come after our look at the log."""
    async with open_log(brokers) as kafka:
        await read_tail(kafka, log, differences)
    for place in strangers:
        if _outcome(log, place) is None:
            cpo, key, version, digest = place
            differences.add(
                CHECK,
                f"CDR {cpo} {key}: outcome of version {version}",
                expected="none: the log has none of this version and digest",
                found=f"a row with digest {digest}",
            )
