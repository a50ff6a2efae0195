"""A claim made by a known mistake names that mistake; the sender is the naive oracle.

More worlds than the ordinary run: CAUSE_WORLDS=2000 pytest tests/properties/test_claim_causes.py
"""

import os
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from settlement import load_tariff, price_cdr
from settlement.answer import Answer
from settlement.pricing.profile import DEFAULT
from settlement.tariff_tools.cause.table import MISTAKES
from tests.naive import oracle
from tests.naive.senders import SENDERS, Claim, claim_of, in_cents
from tests.naive.worlds import World, a_world

A_BLOCK = 20  # worlds a test; the first block has a claim of each mistake
WORLDS = int(os.environ.get("CAUSE_WORLDS", str(A_BLOCK)))
STRICT = msgspec.structs.replace(
    DEFAULT, name="strict", tolerance_total_minor_units=Decimal(0)
)  # so that a cent that was rounded otherwise is a finding
_encode = msgspec.json.Encoder(decimal_format="number").encode


def number(amount: Fraction) -> Decimal:
    return Decimal(amount.numerator) / Decimal(amount.denominator)


def claimed_total(claim: Claim, version: str) -> Any:
    before, after = map(in_cents, claim.total)
    assert before is not None
    assert after is not None
    if version == "2.1.1":
        return number(before)
    if version == "2.2.1":
        return {"excl_vat": number(before), "incl_vat": number(after)}
    return {
        "before_taxes": number(before),
        "taxes": [{"name": "VAT", "amount": number(after - before)}],
    }


def is_another_price(claim: Claim, world: World) -> bool:
    """Tell whether a side that is claimed is off from the right price."""
    right = claim.cdr | ({"tariffs": claim.given[:1]} if claim.given else {})
    prices = oracle.price(_encode(right), world.version, world.zone).total_cost
    for wrong, true in list(zip(claim.total, prices, strict=True))[: sides_of(world)]:
        claimed, computed = in_cents(wrong), in_cents(true)
        assert claimed is not None
        assert computed is not None
        if claimed != computed:
            return True
    return False


def sides_of(world: World) -> int:
    return 1 if world.version == "2.1.1" else 2


def answer_to(claim: Claim, world: World) -> Answer:
    document = claim.cdr | {"total_cost": claimed_total(claim, world.version)}
    given = [load_tariff(_encode(one), ocpi_version=world.version) for one in claim.given]
    return price_cdr(
        _encode(document),
        tariffs=given,
        time_zone=world.zone,
        ocpi_version=world.version,
        profile=STRICT,
    )


def test_each_mistake_has_a_sender_who_makes_it() -> None:
    assert {mistake.code for mistake in MISTAKES} == set(SENDERS)


@pytest.mark.parametrize("first", range(1, WORLDS + 1, A_BLOCK))
def test_a_mistake_is_among_what_is_named(first: int) -> None:
    made: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    unnamed = []
    for seed in range(first, first + A_BLOCK):
        world = a_world(seed)
        for code in SENDERS:
            try:
                claim = claim_of(code, world)
                if claim is None or not is_another_price(claim, world):
                    continue
            except oracle.NoPriceError:
                continue
            named = {cause.code for cause in answer_to(claim, world).causes}
            made[code] += 1
            alone[code] += named == {code}
            if code not in named:
                unnamed.append((seed, code, sorted(named)))

    print(f"from {first}: {made.total()} claims, {alone.total()} with this cause alone")
    assert not unnamed, unnamed
    assert first > 1 or set(made) == set(SENDERS)
