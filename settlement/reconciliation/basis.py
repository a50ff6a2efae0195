"""The price bases of a CDR weighed against each other.

Rule: the base prices (settlement.reconciliation.tariff_choice); a version received too late
counts only where it makes what is payable lowest; what differs and does not count is a finding.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from settlement.bounds import EXACT
from settlement.cdr import Cdr
from settlement.finding import Finding, Note
from settlement.ledger.posting import spread_claim
from settlement.pricing.engine import price
from settlement.pricing.priced import PricedCdr, Unpriceable
from settlement.pricing.profile import Profile
from settlement.reconciliation.tariff_choice import Choice, TariffVersion, late_choices
from settlement.tariff import Tariff

# Gives the versions of a tariff of the CDR's CPO by its folded id.
Published = Callable[[str], Sequence[TariffVersion]]
# Embedded copies with their content digests, by folded id.
Embedded = Mapping[str, tuple[Tariff, str]]
_ZERO = Decimal(0)


class TariffCandidate(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a tariff that could have priced the CDR."""

    tariff_id: str
    digest: str
    source: str  # published, embedded
    last_updated: datetime | None
    received_time: datetime | None
    is_chosen: bool


class Weighed(msgspec.Struct, frozen=True, kw_only=True):
    """The price that counts, under which versions, and what the others would have said."""

    result: PricedCdr | Unpriceable
    chosen: dict[str, Choice]
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def basis(self) -> str:
        """Give the price basis: published only where nothing embedded had a part in it."""
        sources = {choice.source for choice in self.chosen.values()}
        return "published" if sources == {"published"} else "embedded"


def weigh(
    *,
    cdr: Cdr,
    bases: Mapping[str, Choice],
    published: Published,
    embedded: Embedded,
    zone: str | None,
    profile: Profile,
) -> Weighed:
    """Price under the bases, then under each late version that is lower, and compare."""

    def priced(chosen: Mapping[str, Choice]) -> PricedCdr | Unpriceable:
        tariffs = tuple(choice.tariff for choice in chosen.values())
        return price(cdr=cdr, tariffs=tariffs, zone=zone, profile=profile)

    chosen = dict(bases)
    result = priced(chosen)
    late = [
        (identifier, choice)
        for identifier in sorted(bases)
        for choice in late_choices(
            versions=published(identifier), base=bases[identifier], start=cdr.start_date_time
        )
    ]
    for identifier, choice in late:
        if choice.digest == chosen[identifier].digest:
            continue
        other = priced({**chosen, identifier: choice})
        if isinstance(other, Unpriceable):
            continue
        if isinstance(result, Unpriceable) or _payable(cdr, other) < _payable(cdr, result):
            chosen[identifier], result = choice, other
    findings: list[Finding] = []
    if isinstance(result, PricedCdr):
        for identifier, choice in late:  # compared with the price that counts in the end
            if choice.digest == chosen[identifier].digest:
                continue
            other = priced({**chosen, identifier: choice})
            if isinstance(other, PricedCdr) and _total(other) != _total(result):
                findings.append(_late_differs(identifier, other, result))
        for identifier in sorted(chosen):
            copy = embedded.get(identifier)
            if copy is None or copy[1] == chosen[identifier].digest:
                continue
            alternative = Choice(tariff=copy[0], digest=copy[1], source="embedded", version=None)
            other = priced({**chosen, identifier: alternative})
            if isinstance(other, PricedCdr) and _total(other) != _total(result):
                findings.append(_embedded_differs(identifier, other, result))
    findings += _tied(chosen)
    return Weighed(
        result=result, chosen=chosen, findings=tuple(findings), notes=_first_received(chosen)
    )


def candidates(
    *, chosen: Mapping[str, Choice], published: Published, embedded: Embedded
) -> tuple[TariffCandidate, ...]:
    """List every version that could have priced the CDR, so that the choice can be checked."""
    listed: list[TariffCandidate] = []
    for identifier, choice in sorted(chosen.items()):
        versions = sorted(published(identifier), key=lambda v: (v.last_updated, v.digest))
        listed += [
            TariffCandidate(
                tariff_id=identifier,
                digest=version.digest,
                source="published",
                last_updated=version.last_updated,
                received_time=version.received,
                is_chosen=choice.version is not None
                and (version.digest, version.last_updated)
                == (choice.version.digest, choice.version.last_updated),
            )
            for version in versions
        ]
        if identifier in embedded:
            tariff, digest = embedded[identifier]
            listed.append(
                TariffCandidate(
                    tariff_id=identifier,
                    digest=digest,
                    source="embedded",
                    last_updated=tariff.last_updated,
                    received_time=None,
                    is_chosen=choice.source == "embedded",
                )
            )
    return tuple(listed)


def _total(result: PricedCdr) -> Decimal | None:
    cost = result.rounded.total_cost
    return cost.before_taxes if cost else None


def _payable(cdr: Cdr, result: PricedCdr) -> Decimal:
    claimed = cdr.total_cost.before_taxes if cdr.total_cost else None
    payable, _ = spread_claim(claimed=claimed or _ZERO, priced=_total(result), tolerance=_ZERO)
    return payable


def _late_differs(identifier: str, other: PricedCdr, result: PricedCdr) -> Finding:
    return _differs(
        code="late_tariff_differs",
        severity="info",
        which=f"a version of tariff {identifier} that was received too late",
        other=other,
        result=result,
    )


def _embedded_differs(identifier: str, other: PricedCdr, result: PricedCdr) -> Finding:
    return _differs(
        code="embedded_tariff_differs",
        severity="warning",
        which=f"the embedded copy of tariff {identifier}",
        other=other,
        result=result,
    )


def _differs(
    *, code: str, severity: str, which: str, other: PricedCdr, result: PricedCdr
) -> Finding:
    ours, theirs = _total(result), _total(other)
    return Finding(
        code=code,
        path="$.tariffs",
        message=f"{which} gives {theirs}, the version that counts {ours}",
        severity=severity,
        claimed=None if theirs is None else str(theirs),
        computed=None if ours is None else str(ours),
        difference=None if ours is None or theirs is None else EXACT.subtract(theirs, ours),
    )


def _tied(chosen: Mapping[str, Choice]) -> list[Finding]:
    return [
        Finding(
            code="tariff_versions_tied",
            path="$.tariffs",
            message=(
                f"tariff {identifier} has several contents with one last_updated: "
                f"the one with the greater digest, {choice.digest}, counts"
            ),
            severity="warning",
        )
        for identifier, choice in sorted(chosen.items())
        if choice.is_tied
    ]


def _first_received(chosen: Mapping[str, Choice]) -> tuple[Note, ...]:
    return tuple(
        Note(
            code="tariff_first_received",
            path="$.tariffs",
            message=f"no version of tariff {identifier} was known in time: the first one counts",
        )
        for identifier, choice in sorted(chosen.items())
        if choice.is_first_received
    )
