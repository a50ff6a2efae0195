"""How OCPI's types are written down in the wire models.

Rule: one declaration serves both readings. msgspec reads the `Meta` of these for documents in
regular form; `shape` reads the `Form` for all others. A type is as strict here as the
specification; tolerance is the business of `tolerant` alone.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

# The default of an optional field. It is no value of the field's type, so that an explicit null
# is not regular form and gets counted; translations take it as "not sent".
ABSENT: Any = None


class Form(msgspec.Struct, frozen=True):
    """What a field holds: `kind` picks the tolerant reading."""

    kind: str
    renamed: tuple[tuple[str, str], ...] = ()  # a spelling seen on the wire, OCPI's value


class Weight(msgspec.Struct, frozen=True):
    """What it means that a field is missing or cannot be read.

    A vital field that cannot be read is a problem, any other is left out with a remark.
    A necessary field is vital and its absence is a problem too.
    """

    vital: bool = True
    necessary: bool = False


class Later(msgspec.Struct, frozen=True):
    """A field that only a later version of OCPI has; `hint` is its type there.

    Its own type is one that no JSON value has, so that a document with it is not regular.
    """

    hint: Any


VITAL = Weight()
NECESSARY = Weight(necessary=True)

Id2 = Annotated[str, Meta(min_length=2, max_length=2), Form("id")]
Id3 = Annotated[str, Meta(min_length=3, max_length=3), Form("id")]
Id36 = Annotated[str, Meta(min_length=1, max_length=36), Form("id")]
Id39 = Annotated[str, Meta(min_length=1, max_length=39), Form("id")]
Id48 = Annotated[str, Meta(min_length=1, max_length=48), Form("id")]
Text255 = Annotated[str, Meta(max_length=255), Form("text")]
TimeZone = Annotated[str, Meta(min_length=1, max_length=255), Form("text")]
Currency = Annotated[str, Meta(min_length=3, max_length=3), Form("currency")]  # ISO 4217
Country = Annotated[str, Meta(min_length=3, max_length=3), Form("country")]  # alpha-3
Number = Annotated[Any, Form("number")]
BarePrice = Annotated[Any, Form("price")]  # 2.1.1
Whole = Annotated[int, Meta(ge=-(2**62), le=2**62), Form("whole")]
Time = Annotated[str, Form("time")]
Clock = Annotated[str, Form("clock")]
Date = Annotated[str, Form("date")]
Flag = Annotated[bool, Form("flag")]
# Known to OCPI, of no weight for money: kept in the document, not looked into.
Untouched = Annotated[
    dict[str, Any] | list[Any] | str | int | float | bool,
    Form("untouched"),
]
Tariffs = Annotated[list[msgspec.Raw], Form("tariffs")]

AuthMethod = Annotated[Literal["AUTH_REQUEST", "COMMAND", "WHITELIST"], Form("code")]
TariffType = Annotated[
    Literal["AD_HOC_PAYMENT", "PROFILE_CHEAP", "PROFILE_FAST", "PROFILE_GREEN", "REGULAR"],
    Form("code"),
]
TariffDimensionType = Annotated[Literal["ENERGY", "FLAT", "PARKING_TIME", "TIME"], Form("code")]
DayOfWeek = Annotated[
    Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"],
    Form("day"),
]
ReservationRestrictionType = Annotated[Literal["RESERVATION", "RESERVATION_EXPIRES"], Form("code")]
CdrDimensionType = Annotated[
    Literal[
        "CURRENT",
        "ENERGY",
        "ENERGY_EXPORT",
        "ENERGY_IMPORT",
        "MAX_CURRENT",
        "MIN_CURRENT",
        "MAX_POWER",
        "MIN_POWER",
        "PARKING_TIME",
        "POWER",
        "RESERVATION_TIME",
        "STATE_OF_CHARGE",
        "TIME",
    ],
    Form("code"),
]
SessionStatus = Annotated[
    Literal["ACTIVE", "COMPLETED", "INVALID", "PENDING", "RESERVATION"],
    Form("code", renamed=(("RESERVED", "RESERVATION"),)),
]
TokenType = Annotated[Literal["AD_HOC_USER", "APP_USER", "OTHER", "RFID"], Form("code")]
