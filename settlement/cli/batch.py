"""Many CDRs through one desk, in order, in one process or several.

Rule: one unusable CDR never stops the others; memory stays flat whatever the file's length.
"""

import gc
import multiprocessing
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice

import msgspec

from settlement.answer import Desk, load_tariff
from settlement.answer_json import json_error, json_line
from settlement.cli.documents import Document, Documents
from settlement.cli.exit import FINDINGS, FINE, UNUSABLE, Unusable
from settlement.cli.working import VISIBLE, one_line, working
from settlement.ocpi.problem import UnreadableDocument
from settlement.ocpi.version import VERSIONS
from settlement.pricing.profile import UnusableProfile, load_profile
from settlement.tariff import Tariff
from settlement.zone import load_zone

CHUNK = 200  # documents that a process gets at a time
AHEAD = 4  # chunks a process that wait for it
REPORT_SECONDS = 2.0
COLLECTED_AFTER = (100_000, 50, 100)  # records of some hundred documents


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    tariffs: tuple[str, ...] = ()
    time_zone: str | None = None
    ocpi_version: str | None = None
    profile: str = "default"
    is_json: bool = False


class Printed(msgspec.Struct, frozen=True):
    """What one document comes to: exit code, text for stdout, lines for stderr."""

    code: int
    text: bytes | str  # JSON is bytes, for it is UTF-8 whatever the terminal is
    problems: tuple[str, ...] = ()


def open_desk(order: Order) -> Desk:
    """Check and load what the order names; Unusable says what is wrong with it."""
    if order.ocpi_version is not None and order.ocpi_version not in VERSIONS:
        raise Unusable(f"--ocpi {order.ocpi_version}: one of {', '.join(VERSIONS)}")
    if order.time_zone is not None and load_zone(order.time_zone) is None:
        raise Unusable(f"--time-zone {order.time_zone}: no IANA time zone, such as Europe/Berlin")
    try:
        profile = load_profile(order.profile)
    except UnusableProfile as error:
        raise Unusable(f"--profile: {error}") from error
    return Desk(
        tariffs=[tariff for path in order.tariffs for tariff in _tariffs(path)],
        time_zone=order.time_zone,
        ocpi_version=order.ocpi_version,
        profile=profile,
    )


def _tariffs(path: str) -> list[Tariff]:
    """Read the tariff of a file, or those of an array."""
    with Documents(path) as documents:
        try:
            return [load_tariff(document.data) for document in documents]
        except UnreadableDocument as error:
            raise Unusable(f"--tariff {path}: {error}") from error


def print_document(
    desk: Desk, document: Document, order: Order, *, name: str, is_batch: bool
) -> Printed:
    """Price one document and write down what is to be printed."""
    try:
        answer = desk.answer(document.data)
    except UnreadableDocument as error:
        problems = problem_lines(error, f"{name}:{document.line}")
        text = json_error(error, document.line) if order.is_json else ""
        return Printed(UNUSABLE, text, problems)
    code = FINE if answer.verdict == "matched" else FINDINGS
    if order.is_json:
        return Printed(code, json_line(answer))
    return Printed(code, one_line(answer) if is_batch else working(answer))


def problem_lines(error: UnreadableDocument, place: str) -> tuple[str, ...]:
    """Write each reason why a document is unusable as one line: path, value, rule."""
    return tuple(
        f"{place}: {p.path}: {p.value}: {p.rule}".translate(VISIBLE) for p in error.problems
    )


def run(source: str, order: Order, desk: Desk, *, jobs: int) -> int:
    """Price all documents of a source, print in order, give the exit code."""
    with Documents(source) as documents, _rarely_collecting():
        name, is_batch = documents.name, documents.is_batch
        if jobs > 1 and is_batch:
            printed = _in_processes(documents, order, name, jobs)
        else:
            printed = (
                print_document(desk, document, order, name=name, is_batch=is_batch)
                for document in documents
            )
        return _print_all(printed, name=name, is_batch=is_batch)


@contextmanager
def _rarely_collecting() -> Iterator[None]:
    """Look for cycles rarely: a document's records hold none, and looking costs a tenth of all."""
    before = gc.get_threshold()
    gc.set_threshold(*COLLECTED_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _print_all(printed: Iterable[Printed], *, name: str, is_batch: bool) -> int:
    counts = [0] * (UNUSABLE + 1)
    started = reported = time.monotonic()
    write_text, write = sys.stdout.write, sys.stdout.buffer.write
    for place, one in enumerate(printed, start=1):
        counts[one.code] += 1
        text = one.text
        if isinstance(text, bytes):
            write(text + b"\n")
        elif text:
            write_text(text + "\n")
        for problem in one.problems:
            print(problem, file=sys.stderr)
        if place % CHUNK == 0 and is_batch:
            now = time.monotonic()
            if now - reported >= REPORT_SECONDS:
                reported = now
                print(_progress(name, counts, now - started), file=sys.stderr)
    if is_batch:
        print(_progress(name, counts, time.monotonic() - started), file=sys.stderr)
    return max(code for code, count in enumerate(counts) if count or code == FINE)


def _progress(name: str, counts: list[int], seconds: float) -> str:
    total = sum(counts)
    rate = total / seconds if seconds > 0 else 0.0
    return (
        f"{name}: {total} CDRs: {counts[FINE]} matched, {counts[FINDINGS]} with findings, "
        f"{counts[UNUSABLE]} unusable ({rate:.0f}/s)"
    )


_desk: Desk | None = None  # of a process that works for another


def _open_in_process(order: Order) -> None:
    global _desk  # noqa: PLW0603 - a process of a pool has no other place for it
    gc.set_threshold(*COLLECTED_AFTER)
    _desk = open_desk(order)


def _print_chunk(chunk: list[Document], order: Order, name: str) -> list[Printed]:
    assert _desk is not None
    return [print_document(_desk, one, order, name=name, is_batch=True) for one in chunk]


def _in_processes(
    documents: Iterable[Document], order: Order, name: str, jobs: int
) -> Iterator[Printed]:
    """Price in several processes; results come in the order of the documents."""
    remaining = iter(documents)
    waiting: deque[Future[list[Printed]]] = deque()
    spawned = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    with ProcessPoolExecutor(
        jobs, mp_context=spawned, initializer=_open_in_process, initargs=(order,)
    ) as pool:
        while True:
            while len(waiting) < jobs * AHEAD and (chunk := list(islice(remaining, CHUNK))):
                waiting.append(pool.submit(_print_chunk, chunk, order, name))
            if not waiting:
                return
            yield from waiting.popleft().result()
