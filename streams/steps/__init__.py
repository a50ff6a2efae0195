"""The steps of the fold, as one table: which admits a record, and what runs after it."""

from collections.abc import Callable

from streams.decision import MODULE
from streams.record import Record
from streams.state import State
from streams.steps.admit import Admission, admit_cdr
from streams.steps.admit_change import admit_location, admit_session, admit_tariff
from streams.steps.admit_decision import admit_decision

Admit = Callable[[Record, State], Admission]

# Module (OCPI's, or ours for people's decisions) -> the step that admits its records.
ADMIT: dict[str, Admit] = {
    "cdrs": admit_cdr,
    "sessions": admit_session,
    "tariffs": admit_tariff,
    "locations": admit_location,
    MODULE: admit_decision,
}
# What a touched CDR goes through, all in one hop (streams.steps.settle).
STEPS = ("price", "reconcile", "post")
