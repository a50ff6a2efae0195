"""The stack's record: private, and believed only while its supervisor lives."""

import os
import stat
from pathlib import Path

import msgspec
import psutil

from streams.local.record import (
    READY,
    StackRecord,
    read_record,
    record_path,
    running_record,
    write_record,
)

MINE = StackRecord(state=READY, detail="", pid=os.getpid(), started=psutil.Process().create_time())


def test_a_record_of_a_living_supervisor_is_believed(tmp_path: Path) -> None:
    write_record(tmp_path, MINE)

    assert running_record(tmp_path) == MINE


def test_a_record_is_not_believed_when_its_process_number_went_to_another(tmp_path: Path) -> None:
    stale = msgspec.structs.replace(MINE, started=MINE.started - 60)

    write_record(tmp_path, stale)

    assert read_record(tmp_path) == stale
    assert running_record(tmp_path) is None


def test_a_record_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_record(tmp_path, MINE)

    assert stat.S_IMODE(record_path(tmp_path).stat().st_mode) == 0o600


def test_a_broken_record_is_no_record(tmp_path: Path) -> None:
    record_path(tmp_path).write_text("{")

    assert read_record(tmp_path) is None
