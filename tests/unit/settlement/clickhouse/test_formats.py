import pytest

from settlement.clickhouse.local.formats import BlockJoiner, is_streamable


@pytest.mark.parametrize(
    ("output_format", "blocks", "expected"),
    [
        ("CSV", [b"1\n", b"2\n"], b"1\n2\n"),
        ("CSVWithNames", [b'"a"\n1\n', b'"a"\n2\n'], b'"a"\n1\n2\n'),
        ("CSVWithNames", [b'"a\n""b"\n1\n', b'"a\n""b"\n2\n'], b'"a\n""b"\n1\n2\n'),
        ("TSVWithNamesAndTypes", [b"a\nInt8\n1\n", b"a\nInt8\n2\n"], b"a\nInt8\n1\n2\n"),
        ("TabSeparatedWithNames", [b'"a\n1\n', b'"a\n2\n'], b'"a\n1\n2\n'),
    ],
)
def test_a_header_stands_once(output_format: str, blocks: list[bytes], expected: bytes) -> None:
    joiner = BlockJoiner(output_format)

    joined = b"".join(joiner.join(block) for block in blocks)

    assert expected == joined


@pytest.mark.parametrize("output_format", ["JSON", "Parquet", "Arrow", "Pretty", "Values", "csv"])
def test_a_document_with_a_beginning_and_an_end_is_not_joined(output_format: str) -> None:
    assert not is_streamable(output_format)
