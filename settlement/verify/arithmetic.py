"""Whether a row agrees with itself: postings, payable and held, the working and its sums.

Rule: one row alone, by the rules of the ledger and OCPI's cost fields; no document, no tariff.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from settlement.verify.difference import Differences
from settlement.verify.number import (
    LARGEST,
    LAST,
    NOISE,
    ZERO,
    add,
    divide,
    half_up,
    is_near,
    minor_unit,
    multiply,
    subtract,
    total,
)

CHECK = "arithmetic"
BUCKETS = {
    "matched": {"settled"},
    "disputed": {"settled"},
    "invalid": {"settled", "dead_lettered"},
    "unverifiable": {"waiting"},
    "conflict": {"conflict"},
}
PRICED = frozenset({"matched", "disputed"})
# Segment's dimension -> the cost it belongs to; reserved time and its fee are apart.
COSTS = {"ENERGY": "energy", "FLAT": "fixed", "TIME": "time", "PARKING_TIME": "parking"}
LIMITS = frozenset({"min_price", "max_price"})
# The profile whose choices are checked; others may round and tolerate otherwise.
PROFILE = "default@"
TOLERATED_MINOR_UNITS = 2
_HUNDRED = Decimal(100)
Row = Mapping[str, Any]


def check_arithmetic(row: Row, differences: Differences) -> None:
    """Check one row of `cdr_settled`, as read from the table."""
    where = f"CDR {row['cpo']} {row['cdr_key']}"
    for name, expected, found in [*_postings(row), *_verdict(row), *_payable(row), *_working(row)]:
        differences.add(CHECK, f"{where}: {name}", expected=expected, found=found)


Lines = list[tuple[str, object, object]]


def _postings(row: Row) -> Lines:
    """Postings sum to zero and say what the columns say; the claim is spread."""
    found: Lines = []
    amounts: dict[str, Decimal] = {}
    for account, amount in zip(row["posting.account"], row["posting.amount"], strict=True):
        amounts[account] = add(amounts.get(account, ZERO), Decimal(amount))
    if len(amounts) != len(row["posting.account"]):
        found.append(("posting.account", "one posting an account", row["posting.account"]))
    if (rest := total(amounts.values())) != 0:
        found.append(("the sum of its postings", 0, rest))
    payable, held = _number(row, "payable"), _number(row, "held")
    claimed = _number(row, "claimed_before_taxes") or ZERO
    assert payable is not None, row
    assert held is not None, row
    if row["is_credit"] or row["bucket"] == "dead_lettered":
        claimed = ZERO
    if add(payable, held) != claimed:
        found.append(("payable + held", claimed, f"{payable} + {held}"))
    if not amounts.keys() - {"claimed", "payable", "held"}:
        for account, amount in (
            ("claimed", claimed.copy_negate()),
            ("payable", payable),
            ("held", held),
        ):
            if amounts.get(account, ZERO) != amount:
                found.append((f"its posting on {account}", amount, amounts.get(account, ZERO)))
    return found


def _verdict(row: Row) -> Lines:
    expected = BUCKETS.get(row["verdict"], set())
    if row["is_credit"] and "settled" in expected:  # it waits, whatever else is said of it
        expected = {"waiting"}
    if row["bucket"] in expected:
        return []
    return [(f"bucket of a CDR that is {row['verdict']}", " or ".join(expected), row["bucket"])]


def _payable(row: Row) -> Lines:
    """Up to the price and the tolerance a claim is payable as sent, above the price is."""
    payable = _number(row, "payable")
    if row["is_credit"] or row["bucket"] == "dead_lettered":
        return [] if not payable else [("payable of what posts nothing", 0, payable)]
    if row["bucket"] == "conflict":
        return _conflict(row)
    claimed = _number(row, "claimed_before_taxes") or ZERO
    priced = _number(row, "priced_before_taxes")
    if row["verdict"] not in PRICED or priced is None:
        return [] if not payable else [("payable without a price", 0, payable)]
    tolerance = multiply(minor_unit(row["currency"]), Decimal(TOLERATED_MINOR_UNITS))
    if not row["profile"].startswith(PROFILE):
        allowed = {claimed, priced}
    else:
        allowed = {claimed if claimed <= add(priced, tolerance) else priced}
    if payable in allowed:
        return []
    text = f"{' or '.join(map(str, sorted(allowed)))} (claimed {claimed}, priced {priced})"
    return [("payable", text, payable)]


def _conflict(row: Row) -> Lines:
    """Of copies in conflict the highest claim is shown and the lowest payable is paid."""
    copies = len(row["copy.payable"])
    if copies < 2:
        return [("copies in conflict", "two or more", copies)]
    lowest = min(Decimal(payable) for payable in row["copy.payable"])
    highest = max(Decimal(claim or 0) for claim in row["copy.claimed"])
    payable, claimed = _number(row, "payable"), _number(row, "claimed_before_taxes") or ZERO
    if (payable, claimed) == (lowest, highest):
        return []
    if not payable and any("currency, party or credit" in text for text in row["finding.message"]):
        return []
    return [
        ("payable and claimed", f"{lowest} of {highest}, the lowest and highest of its copies",
         f"{payable} of {claimed}")
    ]  # fmt: skip


def _working(row: Row) -> Lines:
    """The segments are their volumes times prices, and add up to the costs."""
    segments = _segments(row)
    if not segments:
        return []
    may_lack = "out_of_range" in row["finding.code"]
    found: Lines = []
    for place, segment in enumerate(segments):
        for name, expected, told in _segment(segment, may_lack=may_lack):
            found.append((f"segment {place}: {name}", expected, told))
    sides = [segment.before_taxes for segment in segments]
    if None in sides or not row["profile"].startswith(PROFILE):
        return found
    exact = total(side for side in sides if side is not None)
    return found + _totals(row, exact) + _parts(row, segments, exact)


class Segment(NamedTuple):
    """One segment of a row, its amounts."""

    dimension: str
    is_reservation: bool
    element: int | None
    billed_volume: Decimal
    unit_price: Decimal
    before_taxes: Decimal | None
    tax_rate: Decimal | None
    tax: Decimal | None


_COLUMNS = tuple(f"segment.{name}" for name in Segment._fields)


def _segments(row: Row) -> list[Segment]:
    columns = [row[name] for name in _COLUMNS]
    for place in range(3, len(columns)):
        columns[place] = [_decimal(value) for value in columns[place]]
    return [Segment(*values) for values in zip(*columns, strict=True)]


def _segment(segment: Segment, *, may_lack: bool) -> Lines:
    """Check one segment; `may_lack` where the row says that numbers were too large."""
    before, tax = segment.before_taxes, segment.tax
    if before is None:
        return []
    if segment.element is None:
        return [] if not before and not tax else [("amount of what is free", 0, before)]
    price = segment.unit_price
    # Volume and price are themselves rounded at 18 decimals.
    noise = add(
        multiply(NOISE, add(price.copy_abs(), Decimal(1))),
        multiply(LAST, segment.billed_volume.copy_abs()),
    )
    product = multiply(segment.billed_volume, price)
    amounts = [before] if tax is None else [before, add(before, tax)]
    is_right = any(is_near(product, amount, noise) for amount in amounts)
    if not is_right and not segment.billed_volume:
        is_right = may_lack if not price else _is_of_too_much(amounts, price)
    if not is_right:
        text = f"{segment.billed_volume} at {price}, {product}"
        return [("before_taxes", text, before)]
    if segment.tax_rate is not None and tax is not None:
        due = divide(multiply(before, segment.tax_rate), _HUNDRED)
        noise = add(noise, multiply(LAST, add(before.copy_abs(), segment.tax_rate.copy_abs())))
        if not is_near(due, tax, noise):
            return [(f"tax at {segment.tax_rate} %", due, tax)]
    return []


def _is_of_too_much(amounts: Sequence[Decimal], price: Decimal) -> bool:
    """Tell whether an amount is of a volume that no column can hold: that one stands as 0."""
    most = add(max(amount.copy_abs() for amount in amounts), LAST)
    least_price = subtract(price.copy_abs(), multiply(LAST, Decimal("0.5")))
    return divide(most, least_price) > LARGEST


def _totals(row: Row, exact: Decimal) -> Lines:
    priced = _number(row, "priced_before_taxes")
    if priced is None:
        return []
    if row["is_credit"]:
        priced = priced.copy_negate()
    limits = LIMITS & set(row["note.code"])
    if priced == half_up(exact, row["currency"]):
        return []
    allowed = roundings(exact, row["currency"], len(row["segment.period"]))
    if limits:
        is_right = ("min_price" in limits and priced >= min(allowed)) or (
            "max_price" in limits and priced <= max(allowed)
        )
    else:
        is_right = priced in allowed
    if is_right:
        return []
    return [("priced_before_taxes, the sum of its segments", exact, priced)]


def _parts(row: Row, segments: Sequence[Segment], exact: Decimal) -> Lines:
    """Each part is its segments to within a minor unit; together they are the rounded sum."""
    sums: dict[str, Decimal] = {}
    for segment in segments:
        if segment.element is None or segment.before_taxes is None:
            continue
        cost = "reservation" if segment.is_reservation else COSTS.get(segment.dimension)
        if cost is None:
            return [("dimension of a segment", "one of OCPI's", segment.dimension)]
        sums[cost] = add(sums.get(cost, ZERO), segment.before_taxes)
    found: Lines = []
    unit, are_held = minor_unit(row["currency"]), True
    parts = {part: _number(row, f"priced_{part}") for part in (*COSTS.values(), "reservation")}
    for part, priced in parts.items():
        if part not in sums:
            if priced:
                found.append((f"priced_{part}", "nothing: no segment has it", priced))
        elif sums[part].copy_abs() > LARGEST and priced is None:
            are_held = False
        elif priced is None or subtract(priced, sums[part]).copy_abs() >= add(unit, NOISE):
            found.append((f"priced_{part}, the sum of its segments", sums[part], priced))
    together = total(priced for priced in parts.values() if priced is not None)
    whole = half_up(exact, row["currency"])
    allowed = {whole} if together == whole else roundings(exact, row["currency"], len(segments))
    if sums and are_held and together not in allowed:
        found.append(("its priced parts together", whole, together))
    return found


def roundings(exact: Decimal, currency: str, terms: int) -> set[Decimal]:
    """Give what a sum rounds to; two values where it is as near to a tie as its digits tell."""
    noise = multiply(NOISE, Decimal(terms + 1))
    return {half_up(add(exact, one), currency) for one in (-noise, ZERO, noise)}


def _number(row: Row, name: str) -> Decimal | None:
    return _decimal(row[name])


def _decimal(value: Decimal | int | None) -> Decimal | None:
    return Decimal(value) if isinstance(value, int) else value
