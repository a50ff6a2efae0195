"""Reading a URL path: which object is meant.

Rule: a path with doubled or trailing slashes means the same as without, and
is answered at once, never redirected. Segments are split before they are decoded: an id may
hold a slash.
"""

from urllib.parse import quote, unquote

import msgspec

from settlement.party import PartyId, party_of

OCPI_VERSION = "2.2.1"
ROOT = "ocpi"
MAX_ID_CHARACTERS = 255  # far above OCPI's 36; what is longer is no id but an attack


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What a path under `/ocpi/2.2.1/MODULE` names; empty where the path ends before."""

    module: str
    country_code: str = ""
    party_id: str = ""
    object_id: str = ""
    evse_uid: str = ""
    connector_id: str = ""
    depth: int = 0  # segments after the module

    @property
    def party(self) -> PartyId | None:
        """The owner, where the two segments are a party."""
        return party_of(self.country_code, self.party_id)


def segments_of(raw_path: bytes) -> list[str]:
    """Split and decode a path; empty segments do not count."""
    parts = raw_path.split(b"/")
    if b"%" in raw_path:
        return [unquote(part.decode("latin-1")) for part in parts if part]
    return [part.decode("latin-1") for part in parts if part]


def target_of(module: str, rest: list[str]) -> Target | None:
    """Name the parts after the module; None where there are more than any object has."""
    if len(rest) > 5:
        return None
    filled = [*rest, "", "", "", "", ""]
    return Target(
        module=module,
        country_code=filled[0],
        party_id=filled[1],
        object_id=filled[2],
        evse_uid=filled[3],
        connector_id=filled[4],
        depth=len(rest),
    )


def is_usable_id(text: str) -> bool:
    """Tell whether a text can name an object: something printable of sane length."""
    return (
        0 < len(text) <= MAX_ID_CHARACTERS
        and not text.isspace()
        and text.isprintable()
        and "\ufffd" not in text  # stands where the URL was no UTF-8
    )


def object_url(*, base: str, module: str, party: PartyId, object_id: str) -> str:
    """Give the absolute URL of an object, its id percent-encoded."""
    parts = (party.country_code, party.party_id, quote(object_id, safe=""))
    return f"{base}/{ROOT}/{OCPI_VERSION}/{module}/{'/'.join(parts)}"
