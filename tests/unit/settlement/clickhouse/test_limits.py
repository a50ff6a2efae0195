import pytest

from settlement.cli.exit import Unusable
from settlement.clickhouse.local.limits import ReaderLimits, is_harmless, reader_limits


def test_readonly_is_the_last_of_the_limits() -> None:
    settings = ReaderLimits().settings()

    assert list(settings)[-1] == "readonly"
    assert settings["readonly"] == "1"


@pytest.mark.parametrize(
    "setting",
    ["output_format_json_quote_decimals", "date_time_input_format", "session_timezone", "extremes"],
)
def test_a_setting_that_only_writes_otherwise_is_harmless(setting: str) -> None:
    assert is_harmless(setting)


@pytest.mark.parametrize(
    "setting",
    [
        "readonly", "max_result_rows", "max_execution_time", "max_memory_usage", "max_threads",
        "output_format_schema", "format_schema", "format_avro_schema_registry_url", "profile",
        "allow_experimental_eval_table_function", "additional_result_filter", "limit",
        "x output_format_json_a", "output_format_json_a = 1, readonly",
    ],
)  # fmt: skip
def test_a_setting_that_may_change_what_is_allowed_is_not(setting: str) -> None:
    assert not is_harmless(setting)


def test_a_limit_has_its_setting() -> None:
    limits = reader_limits({"CLICKHOUSE_READER_LIMIT_SECONDS": "3", "OTHER": "x"})

    assert limits.settings()["max_execution_time"] == "3"
    assert limits.rows == ReaderLimits().rows


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "many"])
def test_a_limit_is_a_positive_whole_number(text: str) -> None:
    with pytest.raises(Unusable, match="CLICKHOUSE_READER_LIMIT_ROWS"):
        reader_limits({"CLICKHOUSE_READER_LIMIT_ROWS": text})
