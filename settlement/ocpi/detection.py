"""Which OCPI version a CDR or tariff is of, from its shape, where nobody says.

Rule: looks at field names that one version alone has; a document without any is read as 2.2.1,
which then says what it tolerated.
"""

from collections.abc import Mapping
from typing import Any

from settlement.ocpi.document import NotJson, load_json
from settlement.ocpi.problem import Problem, UnreadableDocument

# OCPI 2.1.1 CDR: the session's end, the token and the place have other names than later.
_CDR_OF_2_1_1 = frozenset({"stop_date_time", "auth_id", "location"})
_CDR_OF_2_2 = frozenset({"end_date_time", "cdr_token", "cdr_location", "country_code"})
_PRICE_OF_2_3 = frozenset({"before_taxes", "after_taxes", "taxes"})
_TARIFF_OF_2_2 = frozenset(
    {"country_code", "party_id", "type", "min_price", "max_price"}
    | {"start_date_time", "end_date_time"}
)


def detect_version(document: bytes | Mapping[str, Any]) -> str:
    """Infer the version of a CDR or tariff; raises UnreadableDocument for what is no object."""
    if isinstance(document, bytes):
        document = _loaded(document)
    names = document.keys()
    if "elements" in names:
        return _version_of_tariff(document)
    tariffs = [item for item in _list(document.get("tariffs")) if isinstance(item, Mapping)]
    if len(names & _CDR_OF_2_1_1) > len(names & _CDR_OF_2_2):
        return "2.1.1"
    prices = [value for name, value in document.items() if name.endswith("_cost")]
    if any(map(_is_price_of_2_3, prices)) or "2.3.0" in map(_version_of_tariff, tariffs):
        return "2.3.0"
    return "2.2.1"


def _loaded(data: bytes) -> dict[str, Any]:
    try:
        return load_json(data)
    except NotJson as reason:
        text = data[:80].decode("utf-8", "replace")
        raise UnreadableDocument((Problem("$", text, str(reason)),)) from None


def _version_of_tariff(tariff: Mapping[str, Any]) -> str:
    limits = (tariff.get("min_price"), tariff.get("max_price"))
    if "tax_included" in tariff or any(map(_is_price_of_2_3, limits)):
        return "2.3.0"
    if tariff.keys() & _TARIFF_OF_2_2 or any(
        map(_is_element_of_2_2, _list(tariff.get("elements")))
    ):
        return "2.2.1"
    return "2.1.1"


def _is_element_of_2_2(element: Any) -> bool:
    if not isinstance(element, Mapping):
        return False
    components = _list(element.get("price_components"))
    return any(isinstance(item, Mapping) and "vat" in item for item in components)


def _is_price_of_2_3(price: Any) -> bool:
    return isinstance(price, Mapping) and bool(price.keys() & _PRICE_OF_2_3)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
