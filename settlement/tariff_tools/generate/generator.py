"""`generate_cdr`: the CDR of a session under a tariff.

Rule: a function of its arguments. It claims what the engine prices under the default profile,
and what is given out has been read and priced once more: it matches, or nothing is given out.
"""

from collections.abc import Iterator
from decimal import Decimal, localcontext

import msgspec

from settlement.answer import Answer, Desk
from settlement.ocpi.detection import detect_version
from settlement.ocpi.document import NotJson, load_json
from settlement.ocpi.door import parse_tariff
from settlement.ocpi.problem import UnreadableDocument
from settlement.ocpi.version import VERSIONS
from settlement.party import PartyId
from settlement.pricing.exact import WORK
from settlement.pricing.plan import compile_plan
from settlement.pricing.priced import Costs, PricedCdr
from settlement.tariff import Price, Tariff
from settlement.tariff_tools.generate.cdr_document import Draft, cdr_text
from settlement.tariff_tools.generate.periods import periods_of
from settlement.tariff_tools.generate.place import country_of
from settlement.tariff_tools.generate.tariff_document import tariff_document
from settlement.tariff_tools.generate.wanted import (
    CannotGenerate,
    PaysTheDriver,
    TaxNotDetermined,
    Wanted,
    check_id,
    check_wanted,
    written,
)
from settlement.zone import zone_of_country

_SOMEBODY = PartyId("NL", "GEN")  # where the tariff does not say whose it is
# Stands for the costs until they are known. Where the tariff leaves the tax open it says: none.
_UNTAXED = Costs(Price(Decimal(1), Decimal(1)))
_TRIES = 4
_UNSPLIT = frozenset({"tax_split_claimed", "tax_split_unknown"})  # notes: no rate tells the tax


class Generated(msgspec.Struct, frozen=True):
    """A CDR, and sentences on what it cannot tell by itself."""

    text: bytes
    hints: tuple[str, ...]


def generate_cdr(text: bytes, *, wanted: Wanted) -> Generated:
    """Make the CDR of a session under the tariff in `text` (one JSON object).

    Raises CannotGenerate with a sentence where there can be none.
    """
    check_wanted(wanted)
    tariff = _read(text)
    version = wanted.ocpi_version or tariff.ocpi_version
    if version not in VERSIONS:
        raise CannotGenerate(f"OCPI {version}: one of {', '.join(VERSIONS)}")
    check_id(wanted.cdr_id, ocpi_version=version)
    cpo = wanted.cpo or tariff.cpo or _SOMEBODY
    wanted = _placed(tariff, wanted, cpo)
    document = tariff_document(
        tariff=tariff, source=load_json(text), cpo=cpo, ocpi_version=version
    ) | {"last_updated": written(tariff.last_updated or wanted.start)}
    with localcontext(WORK):
        draft = Draft(
            wanted=wanted,
            ocpi_version=version,
            cpo=cpo,
            currency=tariff.currency,
            tariff=document,
            rate=_rate(tariff),
            periods=periods_of(wanted=wanted, plan=compile_plan(tariff), ocpi_version=version),
        )
        return _priced(draft)


def _read(text: bytes) -> Tariff:
    try:
        tariff = parse_tariff(text, ocpi_version=detect_version(text)).value
    except (UnreadableDocument, NotJson) as error:
        raise CannotGenerate(f"the tariff cannot be read: {error}") from None
    if not tariff.currency:
        raise CannotGenerate("the tariff has no currency: a CDR in none cannot be paid")
    return tariff


def _rate(tariff: Tariff) -> Decimal | None:
    """Give the tax rate where all components have the same."""
    rates = {one.vat for element in tariff.elements for one in element.price_components}
    return rates.pop() if len(rates) == 1 and tariff.tax_included != "N/A" else None


def _placed(tariff: Tariff, wanted: Wanted, cpo: PartyId) -> Wanted:
    """Check the tariff's life, and find the zone: as asked for, else the only one of the CPO's
    country.
    """
    start, begin, end = wanted.start, tariff.start_date_time, tariff.end_date_time
    if begin is not None and start < begin:
        raise CannotGenerate(f"the tariff begins at {written(begin)}, after the session's start")
    if end is not None and start >= end:
        raise CannotGenerate(f"the tariff ended at {written(end)}, before the session's start")
    if wanted.time_zone is not None or not compile_plan(tariff).clock_bounds:
        return wanted
    zone = zone_of_country(country_of(wanted=wanted, cpo=cpo))
    if zone is None:
        raise CannotGenerate("the tariff depends on local time: give the location's time zone")
    return msgspec.structs.replace(wanted, time_zone=zone)


def _priced(draft: Draft) -> Generated:
    """Write the costs that the engine gives; where a claim moves the tax, until both agree."""
    zone = draft.wanted.time_zone
    desk = Desk(time_zone=zone, ocpi_version=draft.ocpi_version)
    costs = _UNTAXED
    for _ in range(_TRIES):
        priced = desk.answer(cdr_text(draft=draft, costs=costs)).priced
        if not isinstance(priced, PricedCdr):
            raise CannotGenerate(f"the session cannot be priced: {priced.message}")
        found = priced.rounded.total_cost
        assert found is not None
        if priced.rounded == costs or found.before_taxes is None:
            break  # it claims what it costs, or it claims nothing, which tells no tax
        costs = priced.rounded
    total = costs.total_cost
    assert total is not None
    if any(amount is not None and amount < 0 for amount in (total.before_taxes, total.after_taxes)):
        raise PaysTheDriver("the tariff pays the driver: a negative total is for credit CDRs alone")
    text = cdr_text(draft=draft, costs=costs)
    answer = desk.answer(text)
    if answer.findings and any(note.code in _UNSPLIT for note in answer.notes):
        raise TaxNotDetermined(
            "the tariff includes taxes at no rate and its limits move one side of the total alone: "
            "what is due before taxes is not determined"
        )
    assert answer.verdict == "matched", answer.findings
    assert not answer.findings, answer.findings
    return Generated(text, tuple(_hints(answer, text, draft)))


def _hints(answer: Answer, text: bytes, draft: Draft) -> Iterator[str]:
    zone = draft.wanted.time_zone
    if zone is not None:
        alone = Desk(ocpi_version=draft.ocpi_version).answer(text)
        if alone.verdict != "matched" or alone.findings:
            yield f"price it with --time-zone {zone}: by itself the CDR does not tell the zone"
    lacking = {note.message.split()[1] for note in answer.notes if note.code == "evidence_missing"}
    if lacking:
        names = ", ".join(sorted(lacking))
        yield (
            f"a CDR of OCPI {draft.ocpi_version} cannot state the power that element {names} of "
            "the tariff asks for: it prices nothing here"
        )
