"""What the clients of the demo sent and what they were answered.

Rule: counts of answers only; what became of a document is read from the settlement's tables.
"""

from ingest.demo.request import Request

# Refusals that nobody planned are kept as sentences; a few say enough.
KEPT_REFUSALS = 5


class Tally:
    """Counts of one run, over all modules and for CDR documents."""

    def __init__(self) -> None:
        self.sent = 0  # requests, each counted once however often it was tried
        self.accepted = 0  # answered 1000
        self.refused = 0  # answered with anything final but 1000
        self.retried = 0
        self.cdrs_sent = 0
        self.cdrs_accepted = 0
        self.cdrs_refused = 0
        # Tries without an answer: the document may have been stored all the same.
        self.cdrs_unanswered = 0
        self.surprises: list[str] = []

    def count(self, request: Request, *, is_accepted: bool, answer: str) -> None:
        """Count one final answer; a refusal that was not planned is kept in words."""
        is_cdr = request.module == "cdrs"
        self.sent += 1
        self.cdrs_sent += is_cdr
        if is_accepted:
            self.accepted += 1
            self.cdrs_accepted += is_cdr
            return
        self.refused += 1
        self.cdrs_refused += is_cdr
        if not request.is_refusable and len(self.surprises) < KEPT_REFUSALS:
            what = f"{request.method} {request.module} {request.object_id}"
            self.surprises.append(f"{what} of {request.partner}: {answer}")

    def count_unanswered(self, request: Request) -> None:
        """Count one try that is made again."""
        self.retried += 1
        self.cdrs_unanswered += request.module == "cdrs"
