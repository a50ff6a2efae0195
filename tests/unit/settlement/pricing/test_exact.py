"""Where quotients are cut, so that a true tie is rounded as one."""

import msgspec

from settlement.pricing.exact import ONE, divide, settled, shown
from settlement.pricing.profile import DEFAULT
from tests.builders import a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import D, a_period, an_element, priced

THIRD = divide(ONE, D(3))


def test_a_sum_of_quotients_is_cut_to_forty_decimals() -> None:
    assert str(settled(D("0.4" + "9" * 79))) == "0.5" + "0" * 39
    assert str(settled(THIRD)) == "0." + "3" * 40
    assert str(settled(D("0.25"))) == "0.25"


def test_a_number_is_shown_to_eighteen_decimals() -> None:
    assert str(shown(THIRD)) == "0." + "3" * 18
    assert str(shown(D("0.25"))) == "0.25"


def test_three_sixths_of_a_cent_are_a_tie() -> None:
    by_time = [
        a_price_component(type=kind, price=D(6), vat=None) for kind in ("TIME", "PARKING_TIME")
    ]
    tariff = a_tariff(
        elements=(
            an_element(*by_time),
            an_element(by_time[0], reservation="RESERVATION"),
        )
    )
    second = divide(ONE, D(3600)).quantize(D("1E-9"))
    periods = (a_period(TIME=second, PARKING_TIME=second, RESERVATION_TIME=second),)
    rules = msgspec.structs.replace(DEFAULT, rounding_mode="half_even")

    result = priced(a_cdr(tariffs=(tariff,), charging_periods=periods), profile=rules)

    assert result.exact.total_cost is not None
    assert D("0.005") == result.exact.total_cost.before_taxes
    assert result.rounded.total_cost is not None
    assert D("0.00") == result.rounded.total_cost.before_taxes
