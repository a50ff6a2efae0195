"""The codes of what is odd about a tariff.

Rule: a code never changes its meaning; the README's table is this one, and a test compares them.
`--fix` does what `fixed` says where it can prove that no price changes, and else says `left`.
Errors and warnings are about money or meaning, notices tell what is easily overlooked.
"""

import msgspec

ERROR, WARNING, NOTICE = "error", "warning", "notice"


class Code(msgspec.Struct, frozen=True):
    """How grave it is, what it means, what comes of it, and what a corrected copy does about it."""

    severity: str
    means: str
    costs: str
    fixed: str = ""  # how it is mended; empty: it never is
    left: str = ""  # why it is left, always or in some cases


CODES: dict[str, Code] = {
    "unreadable": Code(
        ERROR,
        "The document is no tariff that a price can use.",
        "CDRs with it cannot be priced.",
        left="Nothing is known of it.",
    ),
    "key_twice": Code(
        WARNING,
        "An object holds a key twice.",
        "The last one counts, the other is ignored.",
        fixed="Takes out all but the last.",
    ),
    "unknown_field": Code(
        NOTICE,
        "A field is not part of this OCPI version.",
        "It is ignored by who reads it.",
        left="Somebody may read it.",
    ),
    "misspelt_field": Code(
        WARNING,
        "A field is nearly one that OCPI has.",
        "What it says does not apply: a misspelt restriction restricts nothing.",
        left="Spelled right it would count. Before that nothing is taken out of the tariff.",
    ),
    "wrong_case": Code(
        WARNING,
        "A code or currency is not in upper case.",
        "Strict receivers refuse the tariff.",
        fixed="Writes it in upper case.",
    ),
    "form": Code(
        NOTICE,
        "A value is not written as OCPI asks, and has one meaning all the same.",
        "Strict receivers refuse the tariff.",
        fixed="Writes it as OCPI asks, where that is the same value.",
        left="There is no other way to write it that is surely the same.",
    ),
    "element_unreachable": Code(
        WARNING,
        "Elements before it hold wherever it holds: it never prices this dimension.",
        "Its price is never charged.",
        fixed="Takes it out, or the element with its last component.",
        left="Where energy is fed back, a reading is missing or a period begins before its session "
        "it can price after all.",
    ),
    "fee_never_due": Code(
        WARNING,
        "A FLAT begins to hold later, and another one holds wherever a session begins.",
        "A session has one FLAT, the first that holds: this one is never charged.",
        left="Two fees in one session cannot be written in OCPI.",
    ),
    "element_overlaps": Code(
        WARNING,
        "Two elements overlap on one scale, and neither lies inside the other.",
        "In the overlap the first one prices.",
        left="Which of the two is meant is for its author to say.",
    ),
    "element_shadowed_in_part": Code(
        NOTICE,
        "An element before it holds in a part of where it holds, by another restriction.",
        "There the first one prices.",
        left="Which of the two is meant is for its author to say.",
    ),
    "charging_hole": Code(
        WARNING,
        "There are times, energies or powers at which neither energy nor charging time is priced.",
        "Charging is free there.",
        left="What charging costs there is for its author to say.",
    ),
    "coverage_hole": Code(
        NOTICE,
        "A dimension that is priced elsewhere has no price there, though charging has one.",
        "The dimension is free there.",
        left="What it costs there is for its author to say.",
    ),
    "component_redundant": Code(
        NOTICE,
        "Without this component the elements after it would charge the same everywhere.",
        "Nothing; it only makes the tariff longer.",
        fixed="Takes it out, or the element with its last component.",
        left="Where energy is fed back, a reading is missing or a period begins before its session "
        "it can price after all.",
    ),
    "duplicate_dimension": Code(
        WARNING,
        "An element holds two components of one dimension.",
        "The first one prices, the second never does.",
        fixed="Takes out the second one.",
    ),
    "restriction_whole_range": Code(
        NOTICE,
        "A restriction holds always, or nothing is restricted.",
        "Nothing; elements are read as restricted that are not.",
        fixed="Takes it out.",
        left="A bound of 0 does not hold after feeding back, or before the session began.",
    ),
    "restriction_impossible": Code(
        WARNING,
        "An upper bound is 0 or less, and is itself excluded.",
        "The element prices nothing in a regular session.",
        fixed="Takes out the element.",
        left="Where energy is fed back, or a period begins before its session, it can hold.",
    ),
    "bounds_crossed": Code(
        WARNING,
        "A lower bound is not below the upper one.",
        "The element prices nothing, or only periods with readings beyond both bounds.",
        fixed="Takes out the element.",
        left="A period with a reading below and one above both bounds meets them.",
    ),
    "dates_crossed": Code(
        WARNING,
        "start_date is not before end_date.",
        "The element never prices anything.",
        fixed="Takes out the element.",
        left="A tariff needs one element.",
    ),
    "never_together": Code(
        WARNING,
        "Each restriction can hold, all together cannot.",
        "The element never prices anything.",
        fixed="Takes out the element.",
        left="A tariff needs one element.",
    ),
    "clock_equal": Code(
        WARNING,
        "start_time and end_time are the same.",
        "Here it is the whole day; other systems read it as never.",
        left="Always or never? Its author has to say, before anything is taken out of the tariff.",
    ),
    "end_before_midnight": Code(
        WARNING,
        "end_time is 23:59 (or 23:59:59) where the end of the day is meant, which is 00:00.",
        "The element does not hold in the last minute or second of the day.",
        left="00:00 would price the last minute otherwise.",
    ),
    "never_active": Code(
        WARNING,
        "The tariff's life ends before it begins, or an element's dates lie outside of it.",
        "It prices nothing, but what a session takes beyond the tariff's end.",
        left="A session keeps the tariff of its start, so it may price after all.",
    ),
    "ends_before_elements": Code(
        NOTICE,
        "The tariff ends while one of its elements has a later end_date.",
        "No session that starts later is priced by it.",
        left="A session keeps the tariff of its start, so it may price after all.",
    ),
    "step_size_zero": Code(
        WARNING,
        "A step_size is zero or negative.",
        "It counts as 1; others divide by it.",
        fixed="Writes 1.",
    ),
    "step_size_flat": Code(
        NOTICE,
        "A FLAT component has a step_size.",
        "It has no meaning there.",
        fixed="Writes 1.",
    ),
    "step_size_inert": Code(
        NOTICE,
        "A TIME step_size stands beside a price of parking.",
        "Once parking is priced, charging time is exact and parking alone is rounded.",
        left="In a session that does not park it counts.",
    ),
    "step_size_like_unit": Code(
        WARNING,
        "A step_size is as large as the unit of the price: 1000 Wh or 3600 s.",
        "Every started unit is charged in full where this price is the last.",
        left="1 would charge less.",
    ),
    "evidence_impossible": Code(
        WARNING,
        "CDRs of this OCPI version have no dimension that shows whether this restriction holds.",
        "Without a reading the element does not price, whatever the power.",
        left="A CDR that states a power all the same would be priced otherwise.",
    ),
    "evidence_optional": Code(
        NOTICE,
        "A restriction on power or current needs a reading that CDRs may leave out.",
        "Where it is left out the element does not price.",
        left="What is charged without a reading is for its author to say.",
    ),
    "grace_as_min_duration": Code(
        WARNING,
        "A price of parking begins after a short min_duration, which counts the whole session.",
        "Whoever charges longer than that pays from the first parked minute.",
        left="Another bound would change who pays.",
    ),
    "reservation_dimension": Code(
        WARNING,
        "An element for reservations prices energy or parking.",
        "Only FLAT and TIME can be charged for a reservation.",
        fixed="Takes it out, or the element with its last component.",
    ),
    "vat_implausible": Code(
        WARNING,
        "A VAT rate is negative, above 30 %, or a fraction (0.19 for 19).",
        "The tax is wrong; of a fraction it is a hundredth.",
        left="Another rate is another price.",
    ),
    "price_negative": Code(
        WARNING,
        "A price or limit is negative.",
        "A negative price or max_price pays the driver.",
        left="Another sign is another price.",
    ),
    "price_per_small_unit": Code(
        WARNING,
        "A price looks as if it were one a Wh, a minute or a second.",
        "OCPI's prices are by the kWh and by the hour: far too little is charged.",
        left="Another unit is another price.",
    ),
    "price_in_minor_units": Code(
        WARNING,
        "A price looks as if it were written in cents.",
        "A hundred times too much is charged.",
        left="Another unit is another price.",
    ),
    "power_in_watts": Code(
        WARNING,
        "A power of more than 1000 kW was likely meant in W.",
        "As min_power it is never met, as max_power always.",
        left="Another bound is met by other sessions.",
    ),
    "current_as_power": Code(
        NOTICE,
        "A power is a usual fuse rating (16, 32, 63, 125): likely ampere.",
        "32 A on three phases are 22 kW: the bound lies elsewhere.",
        left="Another bound is met by other sessions.",
    ),
    "energy_in_watt_hours": Code(
        WARNING,
        "An energy of 1000 kWh or more was likely meant in Wh.",
        "As min_kwh it is never met, as max_kwh always.",
        left="Another bound is met by other sessions.",
    ),
    "duration_in_minutes": Code(
        WARNING,
        "A duration of less than a minute was likely meant in minutes or hours.",
        "The bound is met as soon as the session begins.",
        left="Another bound is met by other sessions.",
    ),
    "limits_crossed": Code(
        WARNING,
        "min_price is above max_price.",
        "Every session costs max_price, whatever was charged.",
        left="Which of the two is meant is for its author to say.",
    ),
    "not_swept": Code(
        NOTICE,
        "The restrictions cut time, energy and power into too many cells to look at each.",
        "Unreachable elements and holes are not told for this tariff.",
        left="What cannot be looked at cannot be proved.",
    ),
}
