"""Digests: of bytes, and of what an outcome says.

Rule: written from the definition, not from the code: the sha256 over the JSON
of every field of an outcome but its provenance, names in order, no blanks, 32 hex digits.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

# What depends on when and where a document arrived, not on what it says.
PROVENANCE = frozenset(
    {
        "received_time",
        "kafka_partition",
        "kafka_offset",
        "month",
        "version",
        "cause",
        "outcome_digest",
        "rules_version",
    }
)
HEX_DIGITS = 32
SEAL_BYTES = 16
_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def outcome_digest(said: Mapping[str, Any]) -> str:
    """Give the digest of an outcome in the form in which the log holds it."""
    kept = {name: said[name] for name in sorted(said) if name not in PROVENANCE}
    return hashlib.sha256(_written(kept).encode("utf-8", "surrogatepass")).hexdigest()[:HEX_DIGITS]


def content_digest(content: Any) -> str:
    """Give our own digest of a content in canonical spelling; only compared with itself."""
    return hashlib.sha256(_written(content).encode("utf-8", "surrogatepass")).hexdigest()


def dead_digest(body: Sequence[Any]) -> str:
    """Give the digest of an unreadable document (bytes, OCPI version, eMSP, id) and its address."""
    value, version, emsp, object_id = body
    return hashlib.sha256(f"{object_id}\n{emsp}\n{version}\n".encode() + value).hexdigest()


def seal(data: bytes) -> bytes:
    """Give what stands for these bytes in memory."""
    return hashlib.sha256(data).digest()[:SEAL_BYTES]
