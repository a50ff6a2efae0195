"""Bytes to the level of one JSON object: encoding, depth, object or not.

Rule: knows JSON and nothing of OCPI; every digit of a number is kept; hostile input fails fast
and always in the same way, whatever the stack it is read on.
"""

import re
from array import array
from decimal import Decimal
from itertools import accumulate
from typing import Any

import msgspec

from settlement.ocpi.number import OutOfBounds, number_literal

# No OCPI document is deeper than 12. The interpreter's own limit depends on the caller's stack,
# and so would the result.
DEEPEST = 200

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_VALUE = msgspec.json.Decoder(float_hook=number_literal)
_PLAIN = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
# An opening bracket is one step down, a closing one (255, signed) one step up.
_STEPS = bytes(1 if byte in b"[{" else 255 for byte in range(256))
# Any escape, so that an escaped backslash is no beginning; group 1 is half a surrogate pair.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


class NotJson(ValueError):  # noqa: N818 - the peer's document, not an error of ours
    """The body is not JSON or not one JSON object (HTTP 400); the text says why."""


def checked(data: bytes) -> bytes:
    """Give the bytes back if they are UTF-8 and nested sanely, else raise NotJson.

    Half a surrogate pair, as a text cut in the middle of an emoji leaves it, is replaced.
    """
    if b"\\" in data and (b"\\ud" in data or b"\\uD" in data):
        data = _ESCAPE.sub(_whole_character, data)
    if not data.isascii():
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotJson(f"not UTF-8: byte {error.start}") from None
    if data.count(b"[") + data.count(b"{") > DEEPEST and _is_too_deep(data):
        raise NotJson(f"nested deeper than {DEEPEST} levels")
    return data


def _whole_character(match: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if match[1] else match[0]


def _is_too_deep(data: bytes) -> bool:
    """Tell whether lists and objects nest too deep; brackets inside texts are no nesting."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_texts = b"".join(data.split(b'"')[::2])
    steps = array("b", outside_texts.translate(_STEPS, _NO_BRACKETS))
    return max(accumulate(steps), default=0) > DEEPEST


def fields_of(data: bytes) -> dict[str, msgspec.Raw]:
    """Split a checked document into its top-level fields; raises NotJson."""
    try:
        return _FIELDS.decode(data)
    except msgspec.ValidationError:
        raise NotJson("not a JSON object") from None
    except msgspec.DecodeError as error:
        raise NotJson(f"not JSON: {error}") from None


def value_of(raw: msgspec.Raw | bytes) -> Any:
    """Decode one value: Decimal for fractions, int, text, list, dict; `OutOfBounds` where a
    number is absurd.
    """
    try:
        return _VALUE.decode(raw)
    except msgspec.ValidationError:  # an integer of more than 4,300 digits
        return OutOfBounds(bytes(raw)[:80].decode("utf-8", "replace"))
    except msgspec.DecodeError as error:
        raise NotJson(f"not JSON: {error}") from None


def load_json(data: bytes) -> dict[str, Any]:
    """Read a JSON object with exact numbers; raises NotJson."""
    try:
        return _PLAIN.decode(checked(data))
    except msgspec.ValidationError:
        raise NotJson("not a JSON object, or a number without bounds") from None
    except msgspec.DecodeError as error:
        raise NotJson(f"not JSON: {error}") from None
    except ArithmeticError:
        raise NotJson("a number without bounds") from None
