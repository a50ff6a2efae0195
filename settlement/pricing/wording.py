"""The sentences that explain a price.

Rule: words only; what is said is computed elsewhere. Numbers are spelled without exponent.
"""

from decimal import Decimal

from settlement.pricing.exact import canonical
from settlement.tariff import Restrictions, TariffElement

_LONG = 60  # digits; longer numbers keep their exponent
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# restriction: how it reads
_PHRASES = (
    ("start_date", "from {:%Y-%m-%d}"),
    ("end_date", "before {:%Y-%m-%d}"),
    ("min_kwh", "from {} kWh"),
    ("max_kwh", "below {} kWh"),
    ("min_current", "from {} A"),
    ("max_current", "below {} A"),
    ("min_power", "from {} kW"),
    ("max_power", "below {} kW"),
    ("min_duration", "from {} s after the start"),
    ("max_duration", "until {} s after the start"),
)


def describe_element(position: int, element: TariffElement) -> str:
    """Say why an element prices something."""
    conditions = describe_restrictions(element.restrictions)
    if not conditions:
        return f"Element {position} is the first that prices this and has no restrictions."
    return f"Element {position} is the first that prices this and applies: {conditions}."


def describe_restrictions(restrictions: Restrictions | None) -> str:
    """Spell restrictions in words; empty where there are none."""
    if restrictions is None:
        return ""
    parts = [_window(restrictions)] if restrictions.start_time or restrictions.end_time else []
    if restrictions.day_of_week:
        parts.append("on " + ", ".join(_DAYS[day] for day in restrictions.day_of_week))
    for name, phrase in _PHRASES:
        value = getattr(restrictions, name)
        if value is not None:
            parts.append(phrase.format(number(value) if isinstance(value, Decimal) else value))
    if restrictions.reservation == "RESERVATION":
        parts.append("during a reservation")
    elif restrictions.reservation is not None:
        parts.append("for an expired reservation")
    return "; ".join(parts)


def _window(restrictions: Restrictions) -> str:
    start = restrictions.start_time.strftime("%H:%M") if restrictions.start_time else "00:00"
    end = restrictions.end_time.strftime("%H:%M") if restrictions.end_time else "00:00"
    return f"{start} to {end} local time"


def number(value: Decimal) -> str:
    """Spell a number without trailing zeros and without an exponent."""
    text = str(value)
    if text.isdigit():  # whole seconds, most of the time
        return text
    return format(canonical(value), "f") if abs(value.adjusted()) < _LONG else str(value)


FREE = "No component of the tariff prices this here: free."
NO_TARIFF = "No tariff applies in this period: free."
FLAT_FEE = " Due once."


def stepped_energy(total: Decimal, billed: Decimal, step: int) -> str:
    """Say how step_size rounded the session's energy."""
    return (
        f" step_size {step} Wh rounds the {number(total)} kWh of the session "
        f"up to {number(billed)} kWh; the difference is billed here."
    )


def stepped_time(total: Decimal, billed: Decimal, step: int) -> str:
    """Say how step_size rounded the session's time."""
    return (
        f" step_size {step} s rounds the {number(total)} s of the session "
        f"up to {number(billed)} s; the difference is billed here."
    )
