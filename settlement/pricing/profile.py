"""The interpretation profile: a named answer to each question that OCPI leaves open.

Rule: data only. What a field means and why its default is what it is stands in
`settlement/README.md` under Interpretation; a golden case shows each value at work.
"""

import tomllib
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
_Amount = Annotated[Decimal, msgspec.Meta(description="a number of 0 or more")]


class UnusableProfile(ValueError):  # noqa: N818 - the user's input, not an error of ours
    """A profile cannot be read; the text names the field, its value and the rule."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a pair of parties reads what OCPI leaves open; stored with every verdict."""

    name: _Name
    version: Annotated[int, msgspec.Meta(ge=1)]

    rounding_point: Literal["total", "part", "segment"]
    rounding_mode: Literal["half_up", "half_even", "up", "down"]
    flat_fee: Literal["once_per_phase", "phase_start_only", "once_per_tariff"]
    flat_fee_of_parking: Literal["fixed", "parking"]
    equal_clock_times: Literal["whole_day", "never"]
    wrapped_weekday: Literal["moment", "window_start"]
    power_evidence: Literal["any_moment", "whole_period"]
    missing_evidence: Literal["no_match", "match"]
    duration_starts: Literal["cdr_start", "after_reservation"]
    straddling: Literal["priced_at_start", "split"]
    step_size: Literal["on", "off"]
    step_size_parking: Literal["parking_first", "last_priced"]
    step_size_reservation: Literal["separate", "with_time"]
    step_size_tariffs: Literal["session_total", "last_tariff"]
    step_size_free_component: Literal["counts", "ignored"]
    time_volume: Literal["nearest_second", "as_written"]
    energy_noise_wh: _Amount
    negative_energy: Literal["exact", "rounded", "not_priced"]
    missing_vat: Literal["no_tax", "unknown"]
    one_sided_limit: Literal["scale_tax", "other_side_free"]
    limits_of_several_tariffs: Literal["each_its_own", "last_tariff"]
    limits_when_nothing_priced: Literal["apply", "ignore"]
    limits_of_reservation_only: Literal["apply", "ignore"]
    expired_reservation: Literal["inferred", "never"]
    tariff_expiry: Literal["ignored", "free_after"]
    time_unit_factor: _Amount
    plausible_power_kw: _Amount
    tolerance_part_minor_units: _Amount
    tolerance_total_minor_units: _Amount

    @property
    def label(self) -> str:
        """Give the name and version that a verdict carries, such as `default@1`."""
        return f"{self.name}@{self.version}"


def parse_profile(text: str, *, source: str = "profile") -> Profile:
    """Read a profile from TOML; fields that are left out are as in the default profile.

    UnusableProfile names the line or field that is wrong and what it may be.
    """
    try:
        given = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise UnusableProfile(f"{source}: not TOML: {error}") from error
    return profile_of(given, source=source)


def profile_of(given: dict[str, Any], *, source: str = "profile") -> Profile:
    """Make a profile from fields, the rest as in the default profile; errors as above."""
    base: dict[str, Any] = msgspec.to_builtins(DEFAULT) if "DEFAULT" in globals() else {}
    try:
        profile = msgspec.convert(base | given, Profile, strict=False)
    except msgspec.ValidationError as error:
        raise UnusableProfile(f"{source}: {error}{_allowed(str(error))}") from error
    for field in NUMERIC:
        if not getattr(profile, field).is_finite() or getattr(profile, field) < 0:
            raise UnusableProfile(f"{source}: {field} is {getattr(profile, field)}: 0 or more")
    if base and profile.label == DEFAULT.label and profile != DEFAULT:
        rule = "differs from the default, so it needs a name or version of its own"
        raise UnusableProfile(f"{source}: name is {profile.name!r}: {rule}")
    return profile


def load_profile(name_or_path: str) -> Profile:
    """Load a profile by the name of one that comes with the package, or from a TOML file."""
    if name_or_path in profile_names():
        return _packaged(name_or_path)
    path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(profile_names())
        raise UnusableProfile(f"profile {name_or_path!r}: neither a file nor one of {known}")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableProfile(f"{name_or_path}: {error}") from error
    return parse_profile(text, source=name_or_path)


def profile_names() -> tuple[str, ...]:
    """List the profiles that come with the package."""
    folder = resources.files("settlement.pricing.profiles")
    return tuple(sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml")))


def _packaged(name: str) -> Profile:
    file = resources.files("settlement.pricing.profiles") / f"{name}.toml"
    return parse_profile(file.read_text(encoding="utf-8"), source=f"{name}.toml")


def _allowed(error: str) -> str:
    for field, values in CHOICES.items():
        if f"$.{field}`" in error:
            return f": one of {', '.join(values)}"
    return ""


def _literals() -> dict[str, tuple[str, ...]]:
    hints = msgspec.inspect.type_info(Profile)
    assert isinstance(hints, msgspec.inspect.StructType)
    return {
        field.name: tuple(str(value) for value in field.type.values)
        for field in hints.fields
        if isinstance(field.type, msgspec.inspect.LiteralType)
    }


CHOICES: dict[str, tuple[str, ...]] = _literals()
NUMERIC: tuple[str, ...] = (
    "energy_noise_wh",
    "time_unit_factor",
    "plausible_power_kw",
    "tolerance_part_minor_units",
    "tolerance_total_minor_units",
)
DEFAULT: Profile = _packaged("default")
