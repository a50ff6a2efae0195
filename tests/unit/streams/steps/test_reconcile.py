"""Numbers and times of a CDR that no column holds are findings."""

from decimal import Decimal

import msgspec
import pytest

from settlement.cdr import CdrDimension
from streams.steps.reconcile import bound_findings
from tests.builders import a_cdr, a_charging_period


@pytest.mark.parametrize("text", ["10000000001", "NaN", "1E+20", "Infinity", "1E-19"])
def test_a_volume_that_no_column_holds_is_a_finding(text: str) -> None:
    period = msgspec.structs.replace(
        a_charging_period(), dimensions=(CdrDimension("ENERGY", Decimal(text)),)
    )

    (finding,) = bound_findings(a_cdr(charging_periods=(period,)))

    assert ("out_of_range", text) == (finding.code, finding.claimed)


@pytest.mark.parametrize("text", ["0", "-3.25", "123456789.5", "1234567890.000000000000000001"])
def test_a_volume_that_its_column_holds_is_none(text: str) -> None:
    period = msgspec.structs.replace(
        a_charging_period(), dimensions=(CdrDimension("ENERGY", Decimal(text)),)
    )

    assert bound_findings(a_cdr(charging_periods=(period,))) == []
