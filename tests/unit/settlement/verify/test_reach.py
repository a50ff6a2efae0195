"""How far one can look: what the markers of the fold say."""

import pytest

from settlement.verify.reach import applied_by
from streams.state import Marker, encode


@pytest.mark.parametrize(("cursor", "below"), [(None, 8), ("cdr|NL*TNM|CDR-1", 7)])
def test_a_fact_counts_as_applied_once_its_cursor_is_gone(cursor: str | None, below: int) -> None:
    marker = encode(Marker(offset=7, ce_id="id-7", rules_version="1", cursor=cursor))

    assert applied_by(marker) == below
