"""Exit codes of the command line.

Rule: 0 fine; 1 findings or differences; 2 unusable input or configuration; 3 a service is
missing (`ServiceMissing` in `settlement.cli.services`). After Ctrl-C it is 130, as in a shell.
"""

FINE = 0
FINDINGS = 1
UNUSABLE = 2
MISSING = 3


class Unusable(Exception):  # noqa: N818 - the user's input, not an error of ours
    """The input or configuration cannot be used; the text is one sentence for the user."""
