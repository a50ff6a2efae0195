"""`settle` of another rules version: `python -m tests.integration.other_rules run streams`.

Rule: nothing differs but the version, which is replaced before anything has read it.
"""

from settlement import rules

OTHER = "of-tomorrow"

if __name__ == "__main__":
    rules.RULES_VERSION = OTHER
    from settlement.cli import main

    main()
