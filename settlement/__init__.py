"""Prices, reconciles and settles OCPI charge detail records; usable without any service."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from settlement.answer import Answer, load_tariff, price_cdr

__all__ = ["Answer", "load_tariff", "price_cdr"]


def __getattr__(name: str) -> Any:
    """Load the library's doors when they are asked for: importing the package stays cheap."""
    if name in __all__:
        from settlement import answer  # noqa: PLC0415 - see above

        return getattr(answer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
