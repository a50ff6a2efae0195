"""One run: the partners register, send everything, and what they were told is checked.

Rule: no output and no verdict on a CDR; what the settlement made of it is read by `report`.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec
from clickhouse_connect.driver.client import Client

from ingest.demo.catalogue import PARTIES
from ingest.demo.client import Partners, http_maker
from ingest.demo.drain import look, wait_until_passed
from ingest.demo.scenario import Scenario
from ingest.demo.tally import Tally
from ingest.partner import register_partner
from settlement.cli.services import ServiceMissing
from settlement.clickhouse.report import Answered, Passed, load_answered

WATCH_SECONDS = 2.0


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is: for people who wait."""

    name: str
    sent: int
    accepted: int
    settled: int


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run, as its clients saw it and as the tables counted it."""

    tally: Tally
    seconds_sending: float
    seconds: float
    settled: int  # CDRs that the tables hold now and did not before
    has_passed: bool
    stored: Answered  # CDR documents of the partners, of this run alone


class Player:
    """Plays a scenario against a running stack; `look` is told the stage now and then."""

    def __init__(
        self, *, brokers: str, gateway_url: str, reader: Client, look: Callable[[Stage], None]
    ) -> None:
        self._brokers = brokers
        self._url = gateway_url
        self._reader = reader
        self._look = look
        self._tally = Tally()
        self._cdrs_before: int | None = None  # not known before what was sent earlier is through
        self._passed = Passed(received=0, cdrs=0)
        self._stage = "waiting for what was sent before"

    async def register(self) -> dict[str, str]:
        """Register the parties of the demo and give their tokens by party; older ones stay good."""
        tokens = await asyncio.gather(
            *(
                register_partner(
                    brokers=self._brokers, party=party.party, roles=[party.role], name=party.name
                )
                for party in PARTIES
            )
        )
        return {party.party: token for party, token in zip(PARTIES, tokens, strict=True)}

    async def play(self, scenario: Scenario, tokens: dict[str, str]) -> Run:
        """Send a scenario, wait until it has passed, and count what was stored of it.

        Raises ServiceMissing where documents of an earlier run do not come through.
        """
        if not await self._drained():
            raise ServiceMissing(
                "documents sent earlier do not come through: see `settle status` and the logs of "
                "the roles streams and sink"
            )
        before = await self._answered()
        self._cdrs_before = self._passed.cdrs
        begun = time.monotonic()
        await self._sent(scenario, tokens)
        sent = time.monotonic()
        self._stage = "settling"
        has_passed = await self._drained()
        after = await self._answered()
        return Run(
            tally=self._tally,
            seconds_sending=sent - begun,
            seconds=time.monotonic() - begun,
            settled=self._settled(self._passed),
            has_passed=has_passed,
            stored=Answered(
                accepted=after.accepted - before.accepted,
                rejected=after.rejected - before.rejected,
            ),
        )

    async def _sent(self, scenario: Scenario, tokens: dict[str, str]) -> None:
        is_over = asyncio.Event()
        watch = asyncio.create_task(self._watch(is_over))
        try:
            partners = Partners(
                new_http=http_maker(), url=self._url, tokens=tokens, tally=self._tally
            )
            await partners.discover()
            for phase in scenario.phases:
                self._stage = phase.name
                await partners.send_all(phase.chains)
        finally:
            is_over.set()
            await watch

    async def _watch(self, is_over: asyncio.Event) -> None:
        """Look at the tables while the partners send; one query at a time on the connection."""
        while not is_over.is_set():
            if passed := await look(self._reader):
                self._told(passed)
            with suppress(TimeoutError):
                await asyncio.wait_for(is_over.wait(), WATCH_SECONDS)

    async def _drained(self) -> bool:
        return await wait_until_passed(
            brokers=self._brokers, reader=self._reader, progress=self._told
        )

    async def _answered(self) -> Answered:
        parties = [party.party for party in PARTIES]
        return await asyncio.to_thread(load_answered, self._reader, partners=parties)

    def _settled(self, passed: Passed) -> int:
        """Count the CDRs that this run added to the tables."""
        return 0 if self._cdrs_before is None else passed.cdrs - self._cdrs_before

    def _told(self, passed: Passed) -> None:
        self._passed = passed
        self._look(
            Stage(
                name=self._stage,
                sent=self._tally.sent,
                accepted=self._tally.accepted,
                settled=self._settled(passed),
            )
        )


def differences(run: Run, unexplained: int) -> list[str]:
    """Say in sentences where the tables do not hold what the clients were told; none: all is well.

    A try without an answer may have been stored and counts as a duplicate then: so many more
    documents than were answered 1000 are no difference.
    """
    tally, stored = run.tally, run.stored
    found = []
    if not run.has_passed:
        found.append("not everything that was accepted has reached the tables: nothing moves there")
    if stored.accepted < tally.cdrs_accepted:
        found.append(
            f"{tally.cdrs_accepted} CDR documents were answered 1000, "
            f"the tables hold {stored.accepted} of them"
        )
    if stored.accepted > tally.cdrs_accepted + tally.cdrs_unanswered:
        found.append(
            f"the tables hold {stored.accepted} CDR documents of this run, "
            f"only {tally.cdrs_accepted} were answered 1000"
        )
    if stored.rejected != tally.cdrs_refused:
        found.append(
            f"{tally.cdrs_refused} CDR documents were refused, "
            f"the tables hold {stored.rejected} refused ones"
        )
    if unexplained:
        found.append(f"{unexplained} CDR documents are in no bucket of the account")
    return found
