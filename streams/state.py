"""What the fold remembers of one partition.

Rule: objects only; indexes are rebuilt from them and never stored. A change is staged until the
fact that made it is wholly applied: `seal` makes it part of the next flush, `rollback` undoes it.
Of the many CDRs only the bytes are kept, as the state topic has them: far less memory than as
records. They hold values in the order of the fields: a new field comes last and has a default.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

import msgspec

from settlement.reconciliation.tariff_choice import TariffVersion


class CdrCopy(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One billing content of a CDR for one eMSP; all records that hold it are equal."""

    digest: str  # of the billing-relevant content
    emsp: str = ""  # empty where neither document nor request named one
    offsets: tuple[int, ...]  # every record with this content, in the order they came
    shown: int  # the record whose spelling the row shows: the one with the least `raw`
    raw: str  # digest of the bytes of the record shown
    received: datetime  # of the record shown


class CdrState(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False, tag="cdr"):
    """A CDR: identity is the CPO party and the folded id."""

    cpo: str
    key: str
    month: date  # set by the first record of the key; never changes
    copies: tuple[CdrCopy, ...] = ()
    dead_letters: tuple[int, ...] = ()  # records of this key that could not be processed
    dead_shown: str = ""  # the one the row shows where there is no copy: the least of their digests
    touched_by: tuple[str, ...] = ()  # encoded keys of what a late fact about re-runs this CDR
    outcome_digest: str = ""
    # Of the row as it stands, for a run that fails and for reports without the document:
    cdr_id: str = ""
    emsp: str = ""
    currency: str = ""
    end_date_time: datetime | None = None
    payable: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    credit: Decimal | None = None  # what a Credit CDR claims; in neither of the two above
    conflict_shown: int | None = None  # of copies that differ, the record that the row shows

    @property
    def billed(self) -> tuple[CdrCopy, ...]:
        """Give the copies that differ: one that names no eMSP is any other of its content."""
        if len(self.copies) < 2:
            return self.copies
        named = {copy.digest for copy in self.copies if copy.emsp}
        return tuple(copy for copy in self.copies if copy.emsp or copy.digest not in named)

    @property
    def shown(self) -> CdrCopy:
        """Give the copy that the row shows; there is at least one."""
        billed = self.billed
        return next((copy for copy in billed if copy.shown == self.conflict_shown), billed[0])


class TariffState(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="tariff"):
    """All versions of a published tariff."""

    cpo: str
    key: str
    versions: tuple[TariffVersion, ...] = ()
    offsets: tuple[int, ...] = ()  # of the earliest receipt of each version
    put_at: datetime | None = None  # last receipt of a PUT
    deleted_at: datetime | None = None  # last receipt of a DELETE

    @property
    def is_deleted(self) -> bool:
        """Tell whether the last DELETE was received after the last PUT."""
        if self.deleted_at is None:
            return False
        return self.put_at is None or self.put_at <= self.deleted_at


class StoredChange(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """One PUT or PATCH of a session or location, its body as it was sent."""

    method: str
    path: tuple[str, ...] = ()
    body: bytes
    last_updated: datetime | None
    offset: int
    digest: str
    ocpi_version: str


class SessionState(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="session"):
    """All changes of a session."""

    cpo: str
    key: str
    id: str
    emsp: str
    changes: tuple[StoredChange, ...] = ()


class LocationState(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="location"):
    """All changes of a location."""

    cpo: str
    key: str
    id: str
    changes: tuple[StoredChange, ...] = ()


# Of the reasons of a dead letter the one that says the program is wrong, not the document.
STEP_FAILED = "step_failed"


class DeadLetterState(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="dead"):
    """A record, or re-runs that it caused, that could not be processed and wait for a decision."""

    cpo: str
    key: str  # its offset
    is_record: bool  # the record itself failed
    reason: str = ""  # as in the dead letter
    runs: tuple[str, ...] = ()  # keys of the CDRs whose re-run failed
    status: str = "open"  # open, resolved, dropped


class Marker(msgspec.Struct, frozen=True, kw_only=True, array_like=True, tag="marker"):
    """How far the state has come: compared with the inbox when a partition is taken over."""

    offset: int  # last applied, or being applied where there is a cursor
    ce_id: str  # of that record
    rules_version: str
    cursor: str | None = None  # last CDR run, of a fact whose runs are not done


StateObject = CdrState | TariffState | SessionState | LocationState | DeadLetterState | Marker
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[StateObject] = msgspec.msgpack.Decoder(StateObject)
MARKER_KEY = "marker"


class _Touched(msgspec.Struct, frozen=True, array_like=True, tag="cdr", gc=False):
    """What the index needs of an encoded CDR; the fields before it are only passed over."""

    cpo: msgspec.Raw
    key: msgspec.Raw
    month: msgspec.Raw
    copies: msgspec.Raw
    dead_letters: msgspec.Raw
    dead_shown: msgspec.Raw
    touched_by: tuple[str, ...] = ()


_TOUCHED: msgspec.msgpack.Decoder[_Touched] = msgspec.msgpack.Decoder(_Touched)
_CDR_KEY = "cdr|"


def key_of(kind: str, cpo: str, identifier: str) -> str:
    """Give the key of an object in the state; `identifier` is folded."""
    return f"{kind}|{cpo}|{identifier}"


def encode(value: StateObject) -> bytes:
    """Write an object for the state topic."""
    return _ENCODER.encode(value)


def decode(value: bytes) -> StateObject:
    """Read an object of the state topic; raises msgspec.ValidationError."""
    return _DECODER.decode(value)


class State:
    """The objects of one partition and the indexes over them."""

    def __init__(self) -> None:
        self._objects: dict[str, StateObject | bytes] = {}  # a sealed CDR as bytes
        self._touching: dict[str, str | set[str]] = {}  # most sessions touch one CDR
        self._undo: list[tuple[str, StateObject | bytes | None]] = []
        self._changed: dict[str, StateObject | bytes] = {}

    def load(self, items: Iterable[tuple[str, bytes]]) -> None:
        """Take over what the state topic holds; raises msgspec.ValidationError."""
        for key, data in items:
            if key.startswith(_CDR_KEY):
                self._objects[key] = data
                self._index(key, _TOUCHED.decode(data).touched_by)
            else:
                self._objects[key] = decode(data)

    def get(self, key: str) -> StateObject | None:
        """Give an object, or None."""
        value = self._objects.get(key)
        return decode(value) if isinstance(value, bytes) else value

    def cdr(self, key: str) -> CdrState | None:
        """Give a CDR by its encoded key, or None."""
        value = self.get(key)
        assert value is None or isinstance(value, CdrState), key
        return value

    def touched(self, key: str) -> list[str]:
        """Give the keys of the CDRs that a fact about `key` concerns, in key order."""
        found = self._touching.get(key, ())
        return [found] if isinstance(found, str) else sorted(found)

    def open_failures(self) -> set[int]:
        """Give the offsets of the facts at which a step failed and nobody has decided on it."""
        return {
            int(value.key)
            for value in self._objects.values()
            if isinstance(value, DeadLetterState)
            and value.status == "open"
            and value.reason == STEP_FAILED
        }

    def put(self, key: str, value: StateObject) -> None:
        """Change an object; staged until `seal`."""
        self._undo.append((key, self._objects.get(key)))
        self._set(key, value)

    def seal(self) -> None:
        """Make the staged changes part of the next flush."""
        for key, _ in self._undo:
            value = self._objects[key]
            if isinstance(value, CdrState):
                value = self._objects[key] = encode(value)
            self._changed[key] = value
        self._undo.clear()

    def rollback(self) -> None:
        """Undo the staged changes."""
        for key, old in reversed(self._undo):
            self._set(key, old)
        self._undo.clear()

    @property
    def is_staged(self) -> bool:
        """Tell whether changes wait for `seal` or `rollback`."""
        return bool(self._undo)

    def take_changed(self) -> dict[str, bytes]:
        """Give the sealed changes since the last call, the last value of each key, encoded."""
        changed, self._changed = self._changed, {}
        return {
            key: value if isinstance(value, bytes) else encode(value)
            for key, value in changed.items()
        }

    def __len__(self) -> int:
        """Count the objects."""
        return len(self._objects)

    def _set(self, key: str, value: StateObject | bytes | None) -> None:
        before = _touched_by(self._objects.get(key))
        if value is None:
            after: tuple[str, ...] = ()
            self._objects.pop(key, None)
        else:
            after = _touched_by(value)
            self._objects[key] = value
        if before != after:
            self._forget(key, before)
            self._index(key, after)

    def _index(self, key: str, causes: tuple[str, ...]) -> None:
        touching = self._touching
        for cause in causes:
            known = touching.setdefault(cause, key)
            if known is key:
                continue
            if isinstance(known, str):
                touching[cause] = {known, key}
            else:
                known.add(key)

    def _forget(self, key: str, causes: tuple[str, ...]) -> None:
        for cause in causes:
            known = self._touching[cause]
            if isinstance(known, str):
                del self._touching[cause]
            else:
                known.discard(key)


def _touched_by(value: StateObject | bytes | None) -> tuple[str, ...]:
    if isinstance(value, bytes):
        return _TOUCHED.decode(value).touched_by
    return value.touched_by if isinstance(value, CdrState) else ()
