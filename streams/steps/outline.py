"""The rows of sessions, tariffs and locations.

Rule: from a folded object to its outcome, nothing else; numbers and times that do not fit their
column become null.
"""

from settlement.location import Location
from settlement.session import Session
from streams.outcome import LocationOutcome, SessionOutcome, TariffOutcome
from streams.record import Record
from streams.state import LocationState, SessionState, TariffState
from streams.steps.columns import number_column, time_column


def session_outcome(record: Record, state: SessionState, session: Session | None) -> SessionOutcome:
    """Give the row of a session; before its PUT came there is only its id."""
    if session is None:
        return SessionOutcome(
            cpo=state.cpo,
            session_key=state.key,
            session_id=state.id,
            emsp=state.emsp,
            change_count=len(state.changes),
            kafka_partition=record.partition,
            version=record.offset,
        )
    cost = session.total_cost
    return SessionOutcome(
        cpo=state.cpo,
        session_key=state.key,
        session_id=state.id,
        emsp=state.emsp,
        status=session.status or "",
        start_date_time=time_column(session.start_date_time),
        end_date_time=time_column(session.end_date_time),
        energy_kwh=number_column(session.kwh),
        location_id=session.location_id or "",
        evse_uid=session.evse_uid or "",
        connector_id=session.connector_id or "",
        currency=session.currency or "",
        total_before_taxes=number_column(cost.before_taxes if cost else None),
        total_after_taxes=number_column(cost.after_taxes if cost else None),
        period_count=len(session.charging_periods),
        change_count=len(state.changes),
        last_updated=time_column(session.last_updated),
        kafka_partition=record.partition,
        version=record.offset,
    )


def location_outcome(
    record: Record, state: LocationState, location: Location | None
) -> LocationOutcome:
    """Give the row of a location as of its newest change."""
    evses = location.evses if location else ()
    tariff_ids = {
        tariff_id for evse in evses for plug in evse.connectors for tariff_id in plug.tariff_ids
    }
    return LocationOutcome(
        cpo=state.cpo,
        location_key=state.key,
        location_id=state.id,
        country=(location.country if location else None) or "",
        time_zone=(location.time_zone if location else None) or "",
        evse_uids=tuple(sorted({evse.uid for evse in evses})),
        tariff_ids=tuple(sorted(tariff_ids)),
        change_count=len(state.changes),
        last_updated=time_column(location.last_updated if location else None),
        kafka_partition=record.partition,
        version=record.offset,
    )


def tariff_outcomes(record: Record, state: TariffState) -> tuple[TariffOutcome, ...]:
    """Give the rows of all versions of a tariff, in the order they are kept."""
    return tuple(
        TariffOutcome(
            cpo=state.cpo,
            tariff_key=state.key,
            tariff_id=version.tariff.id,
            digest=version.digest,
            last_updated=version.last_updated,
            received_time=version.received,
            currency=version.tariff.currency,
            type=version.tariff.type or "",
            start_date_time=time_column(version.tariff.start_date_time),
            end_date_time=time_column(version.tariff.end_date_time),
            element_count=len(version.tariff.elements),
            ocpi_version=version.tariff.ocpi_version,
            is_deleted=state.is_deleted,
            kafka_partition=record.partition,
            kafka_offset=offset,
            version=record.offset,
        )
        for version, offset in zip(state.versions, state.offsets, strict=True)
    )
