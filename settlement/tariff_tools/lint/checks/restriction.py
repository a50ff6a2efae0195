"""Restrictions that never hold, always hold, or hold otherwise than they read.

Rule: one element at a time; what elements do to each other stands in `reach`.
"""

from collections.abc import Iterator
from datetime import time
from decimal import Decimal

from msgspec.structs import replace

from settlement.pricing.wording import number
from settlement.tariff import Restrictions, Tariff
from settlement.tariff_tools.lint.found import Found, Subject
from settlement.tariff_tools.ordinary import CHARGING
from settlement.tariff_tools.words import duration_in_words

# lower bound, upper bound, unit
BOUNDS = (
    ("min_kwh", "max_kwh", "kWh"),
    ("min_duration", "max_duration", "s"),
    ("min_power", "max_power", "kW"),
    ("min_current", "max_current", "A"),
)
_CURRENTS = ("max_current", "min_current")
_POWERS = ("max_power", "min_power")
_STATED = ((_CURRENTS, "MIN_CURRENT or MAX_CURRENT"), (_POWERS, "MIN_POWER or MAX_POWER"))
_FUSES = {Decimal(value) for value in (16, 32, 63, 125)}  # A; usual ratings, no usual power in kW
_HIGHEST_KW = Decimal(1000)
_HIGHEST_KWH = Decimal(1000)
_SHORTEST_SECONDS = 60
_LONGEST_GRACE_SECONDS = 3600
_EVERY_DAY = 7
# When a lower bound of 0 does not hold all the same.
_UNLESS = {
    "min_kwh": "more is fed back than was charged",
    "min_duration": "a period begins before its session",
}


def check_restrictions(subject: Subject) -> Iterator[Found]:
    """Find what is odd about the restrictions of each element."""
    for element, given in enumerate(subject.tariff.elements):
        if given.restrictions is None:
            continue
        before = f"/elements/{element}/restrictions"
        impossible = [*_impossible(element, before, given.restrictions)]
        yield from impossible
        if element in subject.empty and not impossible:
            yield Found(
                "never_together",
                before,
                f"The restrictions of element {element} never hold together, "
                "so it prices nothing: the days of the week do not occur between the dates.",
            )
        yield from _always(element, before, given.restrictions)
        yield from _clock(subject.tariff, element, before, given.restrictions)
        yield from _units(subject.tariff, element, before, given.restrictions)
        yield from _evidence(subject.tariff, element, before, given.restrictions)
        yield from _grace(subject.tariff, element, before, given.restrictions)


def _impossible(element: int, before: str, given: Restrictions) -> Iterator[Found]:
    for lower, upper, unit in BOUNDS:
        low, high = getattr(given, lower), getattr(given, upper)
        if high is None:
            continue
        most = number(Decimal(high))
        if high <= 0:
            text = (
                f"{upper} {most} {unit} is met only {_met(upper)}: the bound itself is excluded, "
                f"so element {element} prices nothing else."
            )
            yield Found("restriction_impossible", f"{before}/{upper}", text)
        elif low is not None and low >= high:
            least, prices = number(Decimal(low)), "nothing"
            if upper in _POWERS + _CURRENTS:
                # OCPI leaves open which reading a bound asks for: any moment of a period may do.
                prices = (
                    f"only periods with a reading below {most} {unit} "
                    f"and one of {least} {unit} or more"
                )
            text = (
                f"{lower} {least} is not below {upper} {most}: element {element} prices {prices}."
            )
            yield Found("bounds_crossed", f"{before}/{lower}", text)
    first, end = given.start_date, given.end_date
    if first is not None and end is not None and first >= end:
        yield Found(
            "dates_crossed",
            f"{before}/start_date",
            f"start_date {first} is not before end_date {end}, which is excluded: "
            f"element {element} prices nothing.",
        )


def _met(upper: str) -> str:
    """Say when an upper bound of 0 or less is met."""
    if upper == "max_duration":
        return "in a period that begins before its session"
    if upper == "max_kwh":
        return "while more was fed back than charged"
    return "by a reading below 0"


def whole_range(given: Restrictions) -> list[str]:
    """Name the restrictions that hold always; power and current never do, they need a reading."""
    names = [name for name in ("min_kwh", "min_duration") if _is_low(getattr(given, name))]
    start, end = given.start_time, given.end_time
    if start != end or start is None or not _is_midnight(start):
        starts = start is not None and _is_midnight(start) and (end is None or _is_midnight(end))
        names += ["start_time"] if starts else []
        ends = end is not None and _is_midnight(end) and (start is None or _is_midnight(start))
        names += ["end_time"] if ends else []
    else:
        names += ["start_time", "end_time"]
    if len(given.day_of_week) == _EVERY_DAY:
        names.append("day_of_week")
    return names


def _is_low(value: Decimal | int | None) -> bool:
    return value is not None and value <= 0


def _is_midnight(value: object) -> bool:
    return str(value) == "00:00:00"


def _always(element: int, before: str, given: Restrictions) -> Iterator[Found]:
    for name in whole_range(given):
        text = f"{name} of element {element} always holds; it restricts nothing."
        if name in _UNLESS:
            text = (
                f"{name} {number(Decimal(getattr(given, name)))} of element {element} restricts "
                f"nothing, unless {_UNLESS[name]}."
            )
        yield Found("restriction_whole_range", f"{before}/{name}", text)
    if given == Restrictions():
        yield Found(
            "restriction_whole_range",
            before,
            f"The restrictions of element {element} are empty; it is not restricted.",
        )


def _clock(tariff: Tariff, element: int, before: str, given: Restrictions) -> Iterator[Found]:
    start, end = given.start_time, given.end_time
    if start is not None and start == end and not _is_midnight(start):
        yield Found(
            "clock_equal",
            f"{before}/end_time",
            f"start_time and end_time of element {element} are both {start:%H:%M}: "
            "it holds the whole day here, and never in systems that read it otherwise.",
            _without(tariff, element),
        )
    if end is not None and f"{end:%H:%M}" == "23:59" and not _begins(tariff, end):
        left = 60 - end.second
        told = {60: "minute", 1: "second"}.get(left, f"{left} s")
        yield Found(
            "end_before_midnight",
            f"{before}/end_time",
            f"end_time of element {element} is {_clock_in_words(end)}, which is excluded: it does "
            f"not hold in the last {told} of the day; 00:00 is the end of the day.",
        )


def _clock_in_words(value: time) -> str:
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"


def _begins(tariff: Tariff, at: time) -> bool:
    """Tell whether an element begins at a time, so that nothing is left out before it."""
    return any(one.restrictions and one.restrictions.start_time == at for one in tariff.elements)


def _units(tariff: Tariff, element: int, before: str, given: Restrictions) -> Iterator[Found]:
    for name in ("min_power", "max_power"):
        value = getattr(given, name)
        if value is None:
            continue
        if _is_no_end(name, value):
            continue
        if value > _HIGHEST_KW:
            meant = _changed(tariff, element, **{name: value / 1000})
            text = f"{name} {number(value)} of element {element} is in kW; was it meant in W?"
            yield Found("power_in_watts", f"{before}/{name}", text, meant)
        elif value in _FUSES:
            text = (
                f"{name} {number(value)} of element {element} is in kW; {number(value)} is a usual "
                "rating in ampere (min_current and max_current restrict currents)."
            )
            yield Found("current_as_power", f"{before}/{name}", text)
    for name in ("min_kwh", "max_kwh"):
        value = getattr(given, name)
        if value is not None and value >= _HIGHEST_KWH and not _is_no_end(name, value):
            meant = _changed(tariff, element, **{name: value / 1000})
            text = f"{name} {number(value)} of element {element} is in kWh; was it meant in Wh?"
            yield Found("energy_in_watt_hours", f"{before}/{name}", text, meant)
    for name in ("min_duration", "max_duration"):
        value = getattr(given, name)
        if value is not None and 0 < value < _SHORTEST_SECONDS:
            meant = _changed(tariff, element, **{name: value * 60})
            text = f"{name} {value} of element {element} is in seconds; was it meant in minutes?"
            yield Found("duration_in_minutes", f"{before}/{name}", text, meant)


def _is_no_end(name: str, value: Decimal) -> bool:
    """Tell whether an upper bound is all nines, as one that is never met is written."""
    return name.startswith("max_") and value > 99 and set(number(value)) == {"9"}


def _evidence(tariff: Tariff, element: int, before: str, given: Restrictions) -> Iterator[Found]:
    names = [name for name in _CURRENTS + _POWERS if getattr(given, name) is not None]
    if not names:
        return
    # OCPI 2.1.1 CDRs have MIN_CURRENT and MAX_CURRENT, and no power; its tariffs the reverse.
    if tariff.ocpi_version == "2.1.1" and not set(names) <= set(_CURRENTS):
        name = next(name for name in names if name not in _CURRENTS)
        text = (
            f"{name} of element {element} cannot be shown by a CDR of OCPI 2.1.1, which states "
            "currents only: without a power the element does not price."
        )
        shown = replace(tariff, ocpi_version="2.2.1")  # whose CDRs state the power
        yield Found("evidence_impossible", f"{before}/{name}", text, shown)
        return
    told = " and ".join(names)
    reading = " and ".join(text for kind, text in _STATED if set(kind) & set(names))
    is_one = len(names) == 1
    text = (
        f"{told} of element {element} {'holds' if is_one else 'hold'} only in charging periods "
        f"that state {reading}; CDRs may leave that out, and then the element does not price."
    )
    yield Found("evidence_optional", f"{before}/{names[0]}", text)


def _grace(tariff: Tariff, element: int, before: str, given: Restrictions) -> Iterator[Found]:
    paid = {one.type for one in tariff.elements[element].price_components if one.price}
    grace = given.min_duration
    if grace is None or not _SHORTEST_SECONDS <= grace <= _LONGEST_GRACE_SECONDS:
        return
    # Beside a price of charging the bound is one of the whole session, as it says.
    if "PARKING_TIME" in paid and not paid & {"TIME", "ENERGY"} and given.reservation is None:
        # In the ordinary session parking begins when charging ends.
        meant = _changed(tariff, element, min_duration=CHARGING.seconds + grace)
        yield Found(
            "grace_as_min_duration",
            f"{before}/min_duration",
            f"min_duration {grace} of element {element} counts from the session's start, charging "
            f"included: it gives no {duration_in_words(grace)} of free parking to whoever has "
            "charged that long.",
            meant,
        )


def _changed(tariff: Tariff, element: int, **changes: object) -> Tariff:
    given = tariff.elements[element].restrictions
    assert given is not None
    elements = list(tariff.elements)
    elements[element] = replace(elements[element], restrictions=replace(given, **changes))
    return replace(tariff, elements=tuple(elements))


def _without(tariff: Tariff, element: int) -> Tariff:
    """Give the tariff without an element."""
    elements = tariff.elements[:element] + tariff.elements[element + 1 :]
    return replace(tariff, elements=elements)
