"""The mistakes that senders make: code, sentence, and how each is priced.

Rule: a code never changes its meaning; the table in `settlement/README.md` is this one, and a
test compares them. The order is the order in which candidates are listed.
"""

from settlement.tariff_tools.cause import line_change as lines
from settlement.tariff_tools.cause import tariff_change as tariffs
from settlement.tariff_tools.cause.mistake import (
    Mistake,
    in_zone,
    under,
    with_lines,
    with_tariff,
)

MISTAKES: tuple[Mistake, ...] = (
    Mistake(
        "windows_in_utc",
        "The times of day of the tariff were read in UTC, not in the location's local time.",
        (in_zone("UTC"),),
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
        "flat_per_period",
        "The FLAT fee was charged in each charging period, not once a session.",
        (with_lines(lines.fee_each_period),),
    ),
)


def readme_table() -> str:
    """Write the table as it stands in the README."""
    rows = [f"| `{mistake.code}` | {mistake.sentence} |" for mistake in MISTAKES]
    return "\n".join(["| code | what the sender did |", "|---|---|", *rows]) + "\n"
