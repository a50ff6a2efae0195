import re

import pytest

from settlement.clickhouse.local.guard import Refused, guard
from settlement.clickhouse.local.vocabulary import CatalogueFunction, Vocabulary, vocabulary
from tests.unit.settlement.clickhouse.statements import ALLOWED, REFUSED

# A cut of the engine's catalogue: name, category, whether it aggregates.
CATALOGUE = [
    *((name, "Aggregate Functions", True) for name in (
        "any", "anyLast", "argMax", "count", "groupArray", "max", "quantile", "quantiles",
        "row_number", "stddevPop", "sum", "uniqExact",
    )),
    *((name, "Arrays", False) for name in (
        "arrayFilter", "arrayJoin", "arrayMap", "arraySort", "arraySum", "length",
    )),
    *((name, "Dates and Times", False) for name in (
        "now", "toDate", "today", "toStartOfInterval", "toStartOfMonth",
    )),
    *((name, "Type Conversion", False) for name in ("CAST", "toDecimal128", "toString")),
    *((name, "String", False) for name in ("upper", "trimBoth")),
    *((name, "Null", False) for name in ("coalesce", "ifNull")),
    *((name, "Other", False) for name in (
        "file", "filesystemAvailable", "getMacro", "hasColumnInTable", "joinGet",
        "showCertificate", "sleep", "sleepEachRow", "fuzzQuery", "generateSerialID", "toTypeName",
    )),
    ("cityHash64", "Hash", False), ("hex", "Encoding", False),
    ("JSONExtractString", "JSON", False), ("format", "String Replacement", False),
    ("map", "Map", False), ("tuple", "Tuple", False), ("round", "Rounding", False),
    ("if", "Conditional", False), ("multiIf", "Conditional", False),
    ("least", "Conditional", False), ("aiGenerate", "AI", False),
    ("demangle", "Introspection", False), ("addressToLine", "Introspection", False),
    ("dictGet", "Dictionary", False), ("naiveBayesClassifier", "Machine Learning", False),
]  # fmt: skip
ALIASES = [
    ("AIGenerate", "aiGenerate", False),
    ("first_value", "any", True),
    ("median", "quantile", True),
]
TABLE_FUNCTIONS = ("file", "url", "format", "fuzzQuery", "numbers", "remote", "values", "view")
TYPES = ("Array", "DateTime64", "Decimal", "LowCardinality", "Nullable", "String", "UInt8")


def a_vocabulary() -> Vocabulary:
    return vocabulary(
        functions=[
            *(CatalogueFunction(name, "", kind, is_sum) for name, kind, is_sum in CATALOGUE),
            *(CatalogueFunction(name, of, "", is_sum) for name, of, is_sum in ALIASES),
        ],
        table_functions=TABLE_FUNCTIONS,
        types=TYPES,
    )


@pytest.mark.parametrize("statement", ALLOWED)
def test_a_statement_that_reads_passes(statement: str) -> None:
    passed = guard(statement, a_vocabulary())

    assert passed.text


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELEC 1", "SELEC begins no statement of ClickHouse: the reader may run SELECT, "),
        ("(selec 1)", "selec begins no statement of ClickHouse: the reader may run SELECT, "),
        ("x" * 1000, "x" * 40 + " begins no statement"),
        *((f"{verb} t", "the reader may run SELECT, ") for verb in ("INSERT INTO", "alter", "Set")),
        ("1 + 1", "the reader may run SELECT, "),
        ("`SELEC` 1", "the reader may run SELECT, "),
    ],
    ids=lambda text: text[:20],
)
def test_a_word_that_begins_no_statement_is_told_so(statement: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        guard(statement, a_vocabulary())

    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(("statement", "reason"), REFUSED, ids=lambda text: text[:60])
def test_everything_else_is_refused_with_its_reason(statement: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        guard(statement, a_vocabulary())

    assert re.search(reason, str(refused.value))


def test_the_engine_gets_the_tokens_that_were_checked_and_no_comment() -> None:
    passed = guard("/* a */ SELECT 'x -- y'/**/, 1 -- b\n ; ", a_vocabulary())

    assert passed.text == "SELECT 'x -- y' , 1"


def test_the_format_of_a_statement_is_read() -> None:
    named = guard("SELECT 1 FORMAT JSONEachRow;", a_vocabulary())
    column = guard("SELECT format, x FROM (SELECT 1 AS format, 2 AS x)", a_vocabulary())

    assert named.format == "JSONEachRow"
    assert column.format is None


@pytest.mark.parametrize(
    ("statement", "verb"),
    [("(SELECT 1)", "SELECT"), ("with 1 as a select a", "WITH"), ("desc x", "DESC")],
)
def test_the_verb_of_a_statement_is_read(statement: str, verb: str) -> None:
    assert guard(statement, a_vocabulary()).verb == verb


def test_a_function_of_a_new_category_is_refused() -> None:
    chosen = vocabulary(
        functions=[CatalogueFunction("telephone", "", "Telephony", is_aggregate=False)],
        table_functions=(),
        types=(),
    )

    assert not chosen.may_call("telephone")


def test_a_function_with_the_name_of_a_table_function_is_refused() -> None:
    chosen = vocabulary(
        functions=[CatalogueFunction("url", "", "String", is_aggregate=False)],
        table_functions=["url"],
        types=[],
    )

    assert not chosen.may_call("url")
    assert not chosen.may_call("URL")


def test_an_aggregate_function_may_have_combinators() -> None:
    chosen = a_vocabulary()

    assert chosen.may_call("sumIfOrNull")
    assert chosen.may_call("groupArrayArrayDistinctIf")
    assert not chosen.may_call("fileIf")
    assert not chosen.may_call("if" * 40 + "x")
