"""What OCPI's answer to a GET holds: `{"data": ..., "status_code": 1000}`.

Rule: takes off the envelope and nothing more; what is inside is the door's business.
"""

import msgspec


class _Envelope(msgspec.Struct, frozen=True):
    """An answer; a CDR or a tariff has neither field."""

    data: msgspec.Raw
    status_code: msgspec.Raw


_envelope = msgspec.json.Decoder(_Envelope)
_list = msgspec.json.Decoder(list[msgspec.Raw])


def content_of(document: bytes) -> bytes | list[bytes] | None:
    """Give the object in an answer, or the entries of the list in it; None for no answer."""
    if b'"status_code"' not in document:
        return None
    try:
        data = bytes(_envelope.decode(document).data)
        if data.startswith(b"["):
            return [bytes(entry) for entry in _list.decode(data)]
    except (msgspec.DecodeError, RecursionError):
        return None
    return data if data.startswith(b"{") else None
