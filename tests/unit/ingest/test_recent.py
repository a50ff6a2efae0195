"""What a process remembers, within its bounds."""

from ingest.recent import KnownObjects, RecentCdrs, StoredCdr


def test_of_copies_the_first_accepted_is_remembered() -> None:
    recent = RecentCdrs()
    for offset, body in ((5, b"second"), (3, b"first"), (9, b"third")):
        recent.remember(("NL*TNM", "1"), StoredCdr(0, offset, body))

    assert recent.find(("NL*TNM", "1")) == StoredCdr(0, 3, b"first")


def test_the_bytes_are_bounded_and_the_oldest_goes_first() -> None:
    recent = RecentCdrs(limit_bytes=10)
    for number in range(4):
        recent.remember(("NL*TNM", str(number)), StoredCdr(0, number, b"1234"))

    assert [bool(recent.find(("NL*TNM", str(number)))) for number in range(4)] == [
        False,
        False,
        True,
        True,
    ]


def test_replacing_a_copy_counts_its_bytes_once() -> None:
    recent = RecentCdrs(limit_bytes=10)
    recent.remember(("NL*TNM", "1"), StoredCdr(0, 9, b"12345678"))
    recent.remember(("NL*TNM", "1"), StoredCdr(0, 1, b"123456"))
    recent.remember(("NL*TNM", "2"), StoredCdr(0, 2, b"1234"))

    assert recent.find(("NL*TNM", "1")) == StoredCdr(0, 1, b"123456")


def test_a_cdr_larger_than_all_memory_is_not_kept() -> None:
    recent = RecentCdrs(limit_bytes=3)

    recent.remember(("NL*TNM", "1"), StoredCdr(0, 1, b"1234"))

    assert recent.find(("NL*TNM", "1")) is None


def test_known_objects_are_bounded() -> None:
    known = KnownObjects(limit=2)
    for key in ("A", "B", "A", "C"):
        known.add(module="sessions", cpo="NL*TNM", object_key=key)

    found = [known.has(module="sessions", cpo="NL*TNM", object_key=key) for key in "ABC"]

    assert found == [True, False, True]
    assert not known.has(module="locations", cpo="NL*TNM", object_key="A")
