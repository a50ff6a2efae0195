"""The mistakes that senders make: code, sentence, and how each is priced.

Rule: a code never changes its meaning; the table in `settlement/README.md` is this one, and a
test compares them. The order is the order in which candidates are listed.
"""

from decimal import Decimal
from functools import partial

from settlement.pricing.exact import ONE, SECONDS, WATT_HOURS
from settlement.pricing.line import ENERGY_COST, PARKING_COST, TIME_COST
from settlement.tariff_tools.cause import cdr_change as cdrs
from settlement.tariff_tools.cause import element_sum as elements
from settlement.tariff_tools.cause import line_change as lines
from settlement.tariff_tools.cause import other_tariff as others
from settlement.tariff_tools.cause import tariff_change as tariffs
from settlement.tariff_tools.cause.mistake import (
    Mistake,
    in_zone,
    mistake,
    under,
    with_cdr,
    with_lines,
    with_reading,
    with_tariff,
)

_NEVER = Decimal("1E+30")  # times a period's length: so that no volume is doubted

MISTAKES: tuple[Mistake, ...] = (
    mistake(
        "windows_in_utc",
        "The times of day of the tariff were read in UTC, not in the location's local time.",
        in_zone("UTC"),
    ),
    mistake(
        "older_tariff_version",
        "An older version of the tariff was used.",
        others.older_versions,
    ),
    mistake(
        "newer_tariff_version",
        "A newer version of the tariff was used, which did not hold at the session's start.",
        others.newer_versions,
    ),
    mistake(
        "retail_instead_of_agreed",
        "Another tariff at hand was used, such as the retail one, not the one that was agreed.",
        others.other_tariffs,
    ),
    mistake(
        "tax_twice",
        "Tax was added to an amount that already includes it.",
        {
            "Tax was added to prices that already include it.": [
                with_tariff(tariffs.tax_on_included)
            ],
            "Tax was added once more to the amount after taxes.": [
                with_tariff(tariffs.tax_on_taxed)
            ],
            "The amount before taxes already includes the tax, which was added to it once more.": [
                with_tariff(tariffs.taxed_as_net)
            ],
        },
    ),
    mistake(
        "tax_already_included",
        "Tax was taken for included where it is not: in the prices, or in the amount before taxes.",
        {
            "Tax was taken for included in prices that are without it.": [
                with_tariff(tariffs.net_as_taxed)
            ],
            "The amount before taxes is the one after them.": [
                with_tariff(tariffs.taxed_on_both_sides)
            ],
        },
    ),
    mistake(
        "tax_forgotten",
        "No tax was added: the amount after taxes is the one before them.",
        with_tariff(tariffs.net_on_both_sides),
    ),
    mistake(
        "step_size_ignored",
        "Volumes were charged as measured, without rounding them up to step_size.",
        under(step_size="off"),
    ),
    mistake(
        "step_size_per_period",
        "Each charging period was rounded up to step_size, not the session once.",
        with_lines(lines.step_each_line, step_size="off"),
    ),
    mistake(
        "step_size_over_both_times",
        "Charging and parking time were rounded up to step_size as one sum.",
        with_lines(lines.step_both_times, step_size="off"),
    ),
    mistake(
        "step_size_rounded_down",
        "Volumes were rounded down to step_size, not up.",
        with_lines(lines.step_down, step_size="off"),
    ),
    mistake(
        "rounding_down",
        "Money was rounded down, in the total, in each cost or in each line.",
        {
            "The total was rounded down.": [under(rounding_mode="down")],
            "Each cost was rounded down.": [under(rounding_mode="down", rounding_point="part")],
            "Each line was rounded down.": [under(rounding_mode="down", rounding_point="segment")],
        },
    ),
    mistake(
        "rounding_per_line",
        "Money was rounded in each line or in each cost, not once in the total.",
        {
            "Money was rounded in each line, not once in the total.": [
                under(rounding_point="segment")
            ],
            "Money was rounded in each cost, not once in the total.": [
                under(rounding_point="part")
            ],
        },
    ),
    mistake(
        "flat_per_period",
        "The FLAT fee was charged in each charging period, not once a session.",
        {
            "The FLAT fee was charged in each charging period, not once a session.": [
                with_lines(lines.fee_each_period)
            ],
            "The FLAT fees of the reservation and of the session were charged in each period.": [
                with_lines(lines.every_fee_each_period)
            ],
        },
    ),
    mistake(
        "flat_in_every_element",
        "The FLAT fee of every element was charged, not of the first that applies.",
        {
            "The FLAT fees of all elements that apply were charged, not of the first.": [
                elements.fees_added
            ],
            "The FLAT fees of all elements were charged, whether they apply or not.": [
                elements.all_fees_added
            ],
        },
    ),
    mistake(
        "overlapping_elements_added",
        "The prices of all elements that apply were added up, where the first one counts.",
        {
            "The prices of all elements that apply were added up, but for the FLAT fees.": [
                elements.volumes_added
            ],
            "The prices of all elements that apply were added up, FLAT fees too.": [
                elements.all_added
            ],
        },
    ),
    mistake(
        "parking_as_time",
        "Parking time was charged as charging time.",
        with_cdr(cdrs.parking_as_time),
    ),
    mistake(
        "time_as_parking",
        "Charging time was charged as parking time.",
        with_cdr(cdrs.time_as_parking),
    ),
    mistake(
        "charged_and_parked_together",
        "The same time was charged both as charging time and as parking time.",
        {
            "Parking time was charged as charging time as well.": [
                with_cdr(cdrs.parked_and_charged)
            ],
            "Charging time was charged as parking time as well.": [
                with_cdr(cdrs.charged_and_parked)
            ],
            "All time was charged both as charging time and as parking time.": [
                with_cdr(cdrs.both_as_both)
            ],
        },
    ),
    mistake(
        "min_price_ignored",
        "min_price was not applied.",
        with_tariff(tariffs.without_min_price),
    ),
    mistake(
        "max_price_ignored",
        "max_price was not applied.",
        with_tariff(tariffs.without_max_price),
    ),
    mistake(
        "wh_for_kwh",
        "Energy was charged in the wrong unit: Wh for kWh, or the other way round.",
        {
            "Wh were charged as if they were kWh.": [
                with_cdr(cdrs.watt_hours_as_kwh),
                with_reading(partial(lines.scale_energy, WATT_HOURS, ONE)),
            ],
            "kWh were charged as if they were Wh.": [
                with_cdr(cdrs.kwh_from_watt_hours),
                with_reading(partial(lines.scale_energy, ONE, WATT_HOURS)),
            ],
        },
    ),
    mistake(
        "hours_as_seconds",
        "Time was charged in the wrong unit: hours as seconds, or the other way round.",
        {
            "Hours were charged as if they were seconds.": [
                with_reading(partial(lines.scale_times, ONE, SECONDS))
            ],
            "Seconds were charged as if they were hours.": [
                with_reading(partial(lines.scale_times, SECONDS, ONE)),
                under(time_unit_factor=_NEVER),
            ],
        },
    ),
    mistake(
        "price_per_step",
        "The price was charged for each step of step_size, not for each hour or kWh.",
        {
            "The price was charged for each step of step_size, not for each hour or kWh.": [
                with_reading(partial(lines.price_each_step, None))
            ],
            "The price of energy was taken for each step of step_size, not for each kWh.": [
                with_reading(partial(lines.price_each_step, ENERGY_COST))
            ],
            "The price of charging time was taken for each step of step_size, not for each hour.": [
                with_reading(partial(lines.price_each_step, TIME_COST))
            ],
            "The price of parking was taken for each step of step_size, not for each hour.": [
                with_reading(partial(lines.price_each_step, PARKING_COST))
            ],
        },
    ),
)


def readme_table() -> str:
    """Write the table as it stands in the README."""
    rows = [f"| `{one.code}` | {one.sentence} |" for one in MISTAKES]
    return "\n".join(["| code | what the sender did |", "|---|---|", *rows]) + "\n"
