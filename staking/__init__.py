"""The DARK token: staking, fee tiers, the revenue waterfall, governance, airdrops, bounty."""
