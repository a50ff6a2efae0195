"""What this process has acknowledged lately, in bounded memory.

Rule: a convenience for reading what was just written and nothing else; losing all of it changes
no answer but its speed.
"""

from collections import OrderedDict

import msgspec

RECENT_BYTES = 64 * 1024 * 1024
KNOWN_OBJECTS = 200_000

# CPO party, object id as compared.
Key = tuple[str, str]


class StoredCdr(msgspec.Struct, frozen=True):
    """The bytes of one accepted CDR and their place in the inbox."""

    partition: int
    offset: int
    body: bytes


class RecentCdrs:
    """The CDRs acknowledged last, up to a number of bytes."""

    def __init__(self, *, limit_bytes: int = RECENT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._cdrs: OrderedDict[Key, StoredCdr] = OrderedDict()

    def remember(self, key: Key, cdr: StoredCdr) -> None:
        """Keep a CDR; of several copies the one accepted first."""
        known = self._cdrs.get(key)
        if known is not None and known.offset <= cdr.offset:
            self._cdrs.move_to_end(key)
            return
        self._bytes += len(cdr.body) - (len(known.body) if known else 0)
        self._cdrs[key] = cdr
        self._cdrs.move_to_end(key)
        while self._bytes > self._limit_bytes:
            _, oldest = self._cdrs.popitem(last=False)
            self._bytes -= len(oldest.body)

    def find(self, key: Key) -> StoredCdr | None:
        """Give a CDR that is still remembered."""
        return self._cdrs.get(key)


class KnownObjects:
    """Sessions and locations that are known to exist; they are never deleted."""

    def __init__(self, *, limit: int = KNOWN_OBJECTS) -> None:
        self._limit = limit
        self._keys: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def add(self, *, module: str, cpo: str, object_key: str) -> None:
        """Remember that an object exists."""
        key = (module, cpo, object_key)
        self._keys[key] = None
        self._keys.move_to_end(key)
        if len(self._keys) > self._limit:
            self._keys.popitem(last=False)

    def has(self, *, module: str, cpo: str, object_key: str) -> bool:
        """Tell whether an object is known to exist; False proves nothing."""
        return (module, cpo, object_key) in self._keys
