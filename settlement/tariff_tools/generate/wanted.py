"""The session that a CDR is to be made of, and why there can be none.

Rule: values and their limits only; a clock, a file or an environment is never asked.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from zoneinfo import ZoneInfo

import msgspec

from settlement.party import PartyId
from settlement.pricing.profile import DEFAULT
from settlement.pricing.wording import number
from settlement.zone import load_zone

_NEAREST = Context(prec=60, rounding=ROUND_HALF_UP)
_HOUR = Decimal(3600)
_LONGEST_HOURS = 366 * 24
_MOST_KWH = 100_000_000
_START = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.0+)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)


class CannotGenerate(ValueError):  # noqa: N818 - what is asked for, not an error of ours
    """No correct CDR can be made of this; the text is one sentence for the user."""


class PaysTheDriver(CannotGenerate):
    """The session comes to less than nothing, which only a credit CDR may claim."""


class TaxNotDetermined(CannotGenerate):
    """Prices include taxes at no rate, and a limit moves one side of the total alone."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A session: when it starts, how long it charges and then parks, how much it charges."""

    start: datetime  # UTC, whole seconds
    charging: int  # seconds
    parking: int  # seconds, after charging
    kwh: Decimal
    max_power_kw: Decimal | None = None
    time_zone: str | None = None  # of the location
    ocpi_version: str | None = None  # of the CDR; None: the tariff's
    cpo: PartyId | None = None  # None: the tariff's
    emsp: PartyId = PartyId("DE", "EMP")
    cdr_id: str | None = None

    @property
    def length(self) -> int:
        """Give the seconds of the whole session."""
        return self.charging + self.parking

    @property
    def power_kw(self) -> Decimal:
        """Give the highest power in kW: as asked for, else what even charging takes."""
        if self.max_power_kw is not None:
            return self.max_power_kw
        return _average(self.kwh, self.charging) if self.charging else Decimal(0)


def seconds_of(*, hours: Decimal, name: str) -> int:
    """Give hours in whole seconds; raises CannotGenerate where they are negative or absurd."""
    if not hours.is_finite() or hours < 0:
        raise CannotGenerate(f"{name} {hours}: must be 0 or more")
    if hours > _LONGEST_HOURS:
        raise CannotGenerate(f"{name} {hours}: at most {_LONGEST_HOURS}, which is a year")
    return int((hours * _HOUR).to_integral_value(context=_NEAREST))


def check_wanted(wanted: Wanted) -> None:
    """Raise CannotGenerate where no charge point could deliver the session."""
    kwh, most = wanted.kwh, wanted.max_power_kw
    if not kwh.is_finite() or not 0 <= kwh < _MOST_KWH:
        raise CannotGenerate(f"kWh {kwh}: must be 0 or more, and below {_MOST_KWH}")
    if kwh != kwh.quantize(Decimal("0.0001"), context=_NEAREST):
        raise CannotGenerate(f"kWh {kwh}: OCPI's numbers have four decimals")
    if not wanted.length:
        raise CannotGenerate("the session has no length: give hours of charging or parking")
    if kwh and not wanted.charging:
        raise CannotGenerate(f"{number(kwh)} kWh cannot be charged in 0 hours")
    plausible = DEFAULT.plausible_power_kw
    if most is not None and (not most.is_finite() or not 0 < most <= plausible):
        raise CannotGenerate(f"max power {most} kW: must be above 0 and at most {plausible}")
    needed = _average(kwh, wanted.charging) if kwh else Decimal(0)
    if most is not None and kwh * _HOUR > most * wanted.charging:
        raise CannotGenerate(
            f"{number(kwh)} kWh in that time take {number(needed)} kW, more than the "
            f"{number(most)} kW that are the most"
        )
    if needed > plausible:
        raise CannotGenerate(
            f"{number(kwh)} kWh in that time take {number(needed)} kW: no charge point delivers it"
        )


def check_id(cdr_id: str | None, *, ocpi_version: str) -> None:
    """Raise CannotGenerate where a CDR cannot have this id."""
    most = 36 if ocpi_version == "2.1.1" else 39
    if cdr_id is not None and not (cdr_id.isprintable() and 1 <= len(cdr_id) <= most):
        raise CannotGenerate(f"id {cdr_id!r}: must have 1 to {most} printable characters")


def _average(kwh: Decimal, seconds: int) -> Decimal:
    return (kwh * _HOUR / seconds).quantize(Decimal("0.0001"), context=_NEAREST).normalize()


def parse_start(*, text: str, time_zone: str | None) -> datetime:
    """Read the start in UTC: with a zone (`Z`, `+02:00`), or as local time in `time_zone`.

    Raises CannotGenerate where it is no time, or local and not exactly one instant.
    """
    zone = _zone(time_zone)
    match = _START.fullmatch(text.strip())
    try:
        start = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3] or ''}" if match else "")
    except ValueError:
        rule = "such as 2026-01-13T10:00 or 2026-01-13T09:00:00Z, in whole seconds"
        raise CannotGenerate(f"start {text!r}: must be a time {rule}") from None
    if start.tzinfo is None:
        start = _instant(start, zone, text)
    if not 2000 <= start.year < 9000:
        raise CannotGenerate(f"start {text!r}: must be in 2000 or later")
    return start.astimezone(UTC)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    zone = load_zone(name)
    if zone is None:
        raise CannotGenerate(f"time zone {name!r}: no IANA time zone, such as Europe/Amsterdam")
    return zone


def _instant(local: datetime, zone: ZoneInfo | None, text: str) -> datetime:
    if zone is None:
        rule = "a time without zone needs the location's time zone, or write it with Z or +02:00"
        raise CannotGenerate(f"start {text!r}: {rule}")
    first, second = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    is_gap = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local
    told = "does not occur" if is_gap else "occurs twice"
    rule = "the clock is moved then; write it with Z or an offset"
    raise CannotGenerate(f"start {text!r}: {told} in {zone.key}: {rule}")


def written(moment: datetime) -> str:
    """Write an instant as OCPI does."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def after(start: datetime, seconds: int) -> datetime:
    """Give the instant so many seconds later."""
    return start + timedelta(seconds=seconds)
