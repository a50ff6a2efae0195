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
    under,
    with_cdr,
    with_lines,
    with_reading,
    with_tariff,
)

_NEVER = Decimal("1E+30")  # times a period's length: so that no volume is doubted

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "windows_in_utc",
        "The times of day of the tariff were read in UTC, not in the location's local time.",
        (in_zone("UTC"),),
    ),
    Mistake(
        "older_tariff_version",
        "An older version of the tariff was used.",
        (others.older_versions,),
    ),
    Mistake(
        "newer_tariff_version",
        "A newer version of the tariff was used, which did not hold at the session's start.",
        (others.newer_versions,),
    ),
    Mistake(
        "retail_instead_of_agreed",
        "Another tariff at hand was used, such as the retail one, not the one that was agreed.",
        (others.other_tariffs,),
    ),
    Mistake(
        "tax_twice",
        "Tax was added to an amount that already includes it.",
        (
            with_tariff(tariffs.tax_on_included),
            with_tariff(tariffs.tax_on_taxed),
            with_tariff(tariffs.taxed_as_net),
        ),
    ),
    Mistake(
        "tax_already_included",
        "Tax was taken for included where it is not: in the prices, or in the amount before taxes.",
        (with_tariff(tariffs.net_as_taxed), with_tariff(tariffs.taxed_on_both_sides)),
    ),
    Mistake(
        "tax_forgotten",
        "No tax was added: the amount after taxes is the one before them.",
        (with_tariff(tariffs.net_on_both_sides),),
    ),
    Mistake(
        "step_size_ignored",
        "Volumes were charged as measured, without rounding them up to step_size.",
        (under(step_size="off"),),
    ),
    Mistake(
        "step_size_per_period",
        "Each charging period was rounded up to step_size, not the session once.",
        (with_lines(lines.step_each_line, step_size="off"),),
    ),
    Mistake(
        "step_size_over_both_times",
        "Charging and parking time were rounded up to step_size as one sum.",
        (with_lines(lines.step_both_times, step_size="off"),),
    ),
    Mistake(
        "step_size_rounded_down",
        "Volumes were rounded down to step_size, not up.",
        (with_lines(lines.step_down, step_size="off"),),
    ),
    Mistake(
        "rounding_down",
        "Money was rounded down, in the total, in each cost or in each line.",
        (
            under(rounding_mode="down"),
            under(rounding_mode="down", rounding_point="part"),
            under(rounding_mode="down", rounding_point="segment"),
        ),
    ),
    Mistake(
        "rounding_per_line",
        "Money was rounded in each line or in each cost, not once in the total.",
        (under(rounding_point="segment"), under(rounding_point="part")),
    ),
    Mistake(
        "flat_per_period",
        "The FLAT fee was charged in each charging period, not once a session.",
        (with_lines(lines.fee_each_period), with_lines(lines.every_fee_each_period)),
    ),
    Mistake(
        "flat_in_every_element",
        "The FLAT fee of every element was charged, not of the first that applies.",
        (elements.fees_added, elements.all_fees_added),
    ),
    Mistake(
        "overlapping_elements_added",
        "The prices of all elements that apply were added up, where the first one counts.",
        (elements.volumes_added, elements.all_added),
    ),
    Mistake(
        "parking_as_time",
        "Parking time was charged as charging time.",
        (with_cdr(cdrs.parking_as_time),),
    ),
    Mistake(
        "time_as_parking",
        "Charging time was charged as parking time.",
        (with_cdr(cdrs.time_as_parking),),
    ),
    Mistake(
        "charged_and_parked_together",
        "The same time was charged both as charging time and as parking time.",
        (
            with_cdr(cdrs.parked_and_charged),
            with_cdr(cdrs.charged_and_parked),
            with_cdr(cdrs.both_as_both),
        ),
    ),
    Mistake(
        "min_price_ignored",
        "min_price was not applied.",
        (with_tariff(tariffs.without_min_price),),
    ),
    Mistake(
        "max_price_ignored",
        "max_price was not applied.",
        (with_tariff(tariffs.without_max_price),),
    ),
    Mistake(
        "wh_for_kwh",
        "Energy was charged in the wrong unit: Wh for kWh, or the other way round.",
        (
            with_cdr(cdrs.watt_hours_as_kwh),
            with_reading(partial(lines.scale_energy, WATT_HOURS, ONE)),
            with_cdr(cdrs.kwh_from_watt_hours),
            with_reading(partial(lines.scale_energy, ONE, WATT_HOURS)),
        ),
    ),
    Mistake(
        "hours_as_seconds",
        "Time was charged in the wrong unit: hours as seconds, or the other way round.",
        (
            with_reading(partial(lines.scale_times, ONE, SECONDS)),
            with_reading(partial(lines.scale_times, SECONDS, ONE)),
            under(time_unit_factor=_NEVER),
        ),
    ),
    Mistake(
        "price_per_step",
        "The price was charged for each step of step_size, not for each hour or kWh.",
        (
            with_reading(partial(lines.price_each_step, None)),
            with_reading(partial(lines.price_each_step, ENERGY_COST)),
            with_reading(partial(lines.price_each_step, TIME_COST)),
            with_reading(partial(lines.price_each_step, PARKING_COST)),
        ),
    ),
)


def readme_table() -> str:
    """Write the table as it stands in the README."""
    rows = [f"| `{mistake.code}` | {mistake.sentence} |" for mistake in MISTAKES]
    return "\n".join(["| code | what the sender did |", "|---|---|", *rows]) + "\n"
