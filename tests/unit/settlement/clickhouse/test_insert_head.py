import pytest

from settlement.clickhouse.local.insert import InsertHead, read_insert_head


def head_of(text: str) -> InsertHead:
    head = read_insert_head(text)
    assert head is not None
    return head


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t FORMAT Native",
        "insert into table t format Native",
        "INSERT INTO db.t (a, b) FORMAT Native",
        'INSERT INTO `d b`.`t` (`a.b`, "c") FORMAT Native',
        "INSERT INTO t (a) SETTINGS async_insert = 0, x = 'FORMAT' FORMAT Native",
        "/* c */ INSERT INTO t -- c\n FORMAT Native",
    ],
)
def test_data_start_behind_the_format_and_one_line_end(statement: str) -> None:
    data = "\n\x01\x00'"

    head = head_of(f"{statement} \n{data}")

    assert head.format == "Native"
    assert data == f"{statement} \n{data}"[head.data_start :]


@pytest.mark.parametrize(
    ("between", "data"), [("\n", "1,2"), (" ", "1,2"), ("\r\n", "\n1,2"), ("", ""), ("\t\n", " 1")]
)
def test_blanks_of_the_line_are_no_data(between: str, data: str) -> None:
    text = f"INSERT INTO t FORMAT CSV{between}{data}"

    assert data == text[head_of(text).data_start :]


def test_the_statement_reads_the_same_data_from_a_file() -> None:
    head = head_of("INSERT INTO d.t (a) SETTINGS x = 1 FORMAT CSV\n1")

    assert (
        head.from_file("/a'b\\c")
        == "INSERT INTO d.t (a) FROM INFILE '/a\\'b\\\\c' SETTINGS x = 1 FORMAT CSV"
    )


def test_names_keep_their_characters() -> None:
    sent = "INSERT INTO `Währung` (`€`) FORMAT CSV\n1".encode().decode("latin-1")

    assert head_of(sent).target == "INSERT INTO `Währung` (`€`)"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FORMAT Native",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t SELECT 1 FORMAT Native",
        "INSERT INTO t (a) SELECT 1",
        "INSERT INTO t WITH 1 AS a SELECT a",
        "INSERT INTO FUNCTION file('x') FORMAT CSV\n1",
        "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
        "INSERT INTO t (a",
        "INSERT INTO",
        "INSERT",
        "",
        "\x01\x02",
    ],
)
def test_other_statements_are_left_alone(statement: str) -> None:
    assert read_insert_head(statement) is None
