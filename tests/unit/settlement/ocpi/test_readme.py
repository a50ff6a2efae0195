"""The room's README tells the remark codes that the code knows."""

import re
from pathlib import Path

import settlement.ocpi
from settlement.ocpi.remark import REMARKS

README = Path(settlement.ocpi.__file__).parent / "README.md"


def test_the_table_of_remark_codes_is_the_one_in_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", README.read_text(), re.MULTILINE)

    assert dict(rows) == REMARKS
