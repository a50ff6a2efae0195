"""The chart of accounts.

Rule: every claimed cent stands in exactly one account; amounts are before taxes.
"""

# account: what stands in it
ACCOUNTS: dict[str, str] = {
    "claimed": "what the CPO asks, with a minus: the source of all others",
    "payable": "what the eMSP owes",
    "held": "claimed, but above the price, not priceable or invalid",
}

CLAIMED = "claimed"
PAYABLE = "payable"
HELD = "held"
