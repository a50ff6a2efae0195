"""Profiles: data, validated, and each of their values shown at work by a case."""

from decimal import Decimal
from pathlib import Path

import pytest

from settlement.pricing.profile import (
    CHOICES,
    DEFAULT,
    NUMERIC,
    Profile,
    UnusableProfile,
    load_profile,
    parse_profile,
    profile_names,
)
from tests.unit.settlement.pricing.cases import CASES, case_names, load_case

README = Path(__file__).parents[4] / "settlement" / "README.md"
VALUES = [(field, value) for field, values in CHOICES.items() for value in values]


@pytest.mark.parametrize(("field", "value"), VALUES)
def test_every_value_of_a_profile_is_shown_by_a_case(field: str, value: str) -> None:
    name = f"interpretation/{field}-{value}".replace("_", "-")

    case = load_case(name)

    assert value == getattr(case.profile, field)
    others = case.expected.get("profile", {})
    assert set(others) <= {field}


@pytest.mark.parametrize("field", NUMERIC)
def test_every_number_of_a_profile_is_shown_by_a_case_with_another_value(field: str) -> None:
    prefix = f"interpretation/{field}-".replace("_", "-")

    cases = [load_case(name) for name in case_names() if name.startswith(prefix)]

    assert cases
    assert all(getattr(case.profile, field) != getattr(DEFAULT, field) for case in cases)


def test_no_case_shows_a_value_that_no_profile_has() -> None:
    shown = {path.name for path in (CASES / "interpretation").iterdir()}

    known = {f"{field}-{value}".replace("_", "-") for field, value in VALUES}

    numbers = tuple(f"{field}-".replace("_", "-") for field in NUMERIC)
    assert {name for name in shown - known if not name.startswith(numbers)} == set()


def test_every_field_of_the_schema_is_a_choice_a_number_or_the_profile_s_name() -> None:
    assert {"name", "version", *CHOICES, *NUMERIC} == set(Profile.__struct_fields__)


def test_the_readme_explains_every_field_and_names_its_default() -> None:
    text = README.read_text()

    for field in (*CHOICES, *NUMERIC):
        row = next((line for line in text.splitlines() if line.startswith(f"| `{field}` ")), None)
        assert row is not None, field
        assert f"`{getattr(DEFAULT, field)}`" in row, field


@pytest.mark.parametrize("name", profile_names())
def test_the_profiles_of_the_package_load(name: str) -> None:
    assert name == load_profile(name).name


def test_what_a_profile_leaves_out_is_as_in_the_default() -> None:
    profile = parse_profile('name = "ours"\nversion = 3\nstep_size = "off"')

    assert profile.label == "ours@3"
    assert profile.step_size == "off"
    assert profile.rounding_mode == DEFAULT.rounding_mode


def test_numbers_of_a_profile_are_exact() -> None:
    assert parse_profile('name = "ours"\nenergy_noise_wh = 0.1').energy_noise_wh == Decimal("0.1")


def test_a_profile_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text('name = "ours"\nflat_fee = "once_per_tariff"\n')

    assert load_profile(str(path)).flat_fee == "once_per_tariff"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('flat_fee = "twice"', "$.flat_fee`: one of once_per_phase, once_per_tariff"),
        ('flat_fees = "once_per_phase"', "unknown field `flat_fees`"),
        ("time_unit_factor = -1", "time_unit_factor is -1: 0 or more"),
        ("time_unit_factor = nan", "time_unit_factor is NaN: 0 or more"),
        ("version = 0", "$.version"),
        ('name = "Our Own"', "$.name"),
        ("version", "not TOML"),
        ('step_size = "off"', "name is 'default': differs from the default, so it needs a name"),
    ],
)
def test_a_wrong_profile_is_told_with_field_and_rule(text: str, told: str) -> None:
    with pytest.raises(UnusableProfile) as error:
        parse_profile(text, source="ours.toml")

    assert told in str(error.value)
    assert "ours.toml" in str(error.value)


def test_a_profile_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_bytes(b"name = '\xff'")

    with pytest.raises(UnusableProfile, match=r"ours\.toml: 'utf-8' codec"):
        load_profile(str(path))


def test_an_unknown_profile_is_told_with_those_that_exist() -> None:
    with pytest.raises(UnusableProfile, match="neither a file nor one of default"):
        load_profile("nowhere")
