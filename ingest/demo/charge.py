"""What physically happened at a charge point, whoever tells it.

Rule: a value, free of tariffs' amounts and of OCPI; made by `arrivals` (seeded) or `session_file`.
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from ingest.demo.places import Evse, Place


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """One stay of a car; connection_start <= charging_start < charging_end <= connection_end."""

    id: str  # of the session; the CDR's id is derived from it
    connection_start: datetime  # UTC, whole seconds
    charging_start: datetime
    charging_end: datetime
    connection_end: datetime
    energy_kwh: Decimal
    place: Place
    evse: Evse
    emsp: str
    user: str  # pseudonymous driver
