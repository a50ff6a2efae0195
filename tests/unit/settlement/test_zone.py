"""Time zones come from the pinned package and from nowhere else."""

from datetime import UTC, datetime, timedelta

import pytest

from settlement.zone import load_zone, zone_of_country


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("DEU", "Europe/Berlin"),  # Busingen has kept the same time since 1980
        ("deu", "Europe/Berlin"),
        ("NLD", "Europe/Amsterdam"),
        ("GBR", "Europe/London"),
        ("UZB", "Asia/Samarkand"),  # two zones that agree
        ("ESP", None),  # the Canary Islands are an hour behind
        ("PRT", None),
        ("USA", None),
        ("CYP", None),  # both halves differed in the winter of 2016
        ("BVT", None),  # nobody lives there
        ("XXX", None),
        ("", None),
        (None, None),
    ],
)
def test_a_country_has_a_zone_where_all_its_clocks_agree(
    country: str | None, zone: str | None
) -> None:
    assert zone == zone_of_country(country)


@pytest.mark.parametrize(
    "name", ["Mars/Olympus", "europe/berlin", "../tzdata.zi", "/etc/localtime", "", "Europe"]
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert load_zone(name) is None


def test_a_zone_knows_its_clock_changes() -> None:
    zone = load_zone("Europe/Berlin")

    assert zone is not None
    assert zone.key == "Europe/Berlin"
    summer = datetime(2024, 7, 1, tzinfo=UTC).astimezone(zone)
    winter = datetime(2024, 1, 1, tzinfo=UTC).astimezone(zone)
    assert (summer.utcoffset(), winter.utcoffset()) == (timedelta(hours=2), timedelta(hours=1))


def test_the_machine_s_zone_files_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONTZPATH", "/nowhere")
    load_zone.cache_clear()

    assert load_zone("Asia/Kathmandu") is not None
    assert load_zone("Asia/Kathmandu") is load_zone("Asia/Kathmandu")
