"""The version of everything that computes a row.

Rule: raise it with every change that can change a result; a state written under another
version is refused, and the log is replayed into the next generation.
"""

RULES_VERSION = "2"
