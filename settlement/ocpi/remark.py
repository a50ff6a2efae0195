"""The codes of what is tolerated.

Rule: a code never changes its meaning; the README's table is this one, and a test compares them.
"""

REMARKS: dict[str, str] = {
    "country_alpha_2": "A country is sent as two letters where OCPI has three.",
    "empty_list": "A list that needs an entry is empty.",
    "empty_text": "An identifier is an empty text and counts as not sent.",
    "flag_form": "A boolean is sent as a text or a number.",
    "later_field": "A restriction of a later OCPI version is sent; it restricts all the same.",
    "lower_case_code": "A code or currency is not in upper case.",
    "missing_field": "A field that OCPI requires is missing, null or empty.",
    "not_a_list": "One value stands where OCPI has a list.",
    "null_field": "Fields are sent as null; they count as not sent.",
    "number_as_text": "A number is sent as a text.",
    "price_shape": "A price has the shape of another OCPI version.",
    "renamed_code": "A code is spelled in a way that OCPI does not know but that has one meaning.",
    "tariff_unusable": "An embedded tariff lacks what a price needs and is left out.",
    "text_as_number": "An identifier or text is sent as a number.",
    "time_form": "A date or time is not written as OCPI asks.",
    "time_fraction_cut": "A time has more than six digits of a second; the rest is cut.",
    "time_offset": "A time has an offset; it was converted to UTC.",
    "time_separator": "A blank stands between date and time instead of T.",
    "time_unknown": "A time is 1970-01-01, which says that it is not known.",
    "unknown_code": "A code is not among those of this OCPI version; it is kept as sent.",
    "unknown_field": "Fields are not part of this OCPI version; they stay in the document only.",
    "unreadable_value": "A value that no price needs cannot be read and is left out.",
    "whole_as_decimal": "A whole number is sent with a fraction of zero.",
    "wrong_length": "A text is longer or shorter than OCPI allows; it is kept as sent.",
}
