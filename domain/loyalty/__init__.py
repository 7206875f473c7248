"""Programs and the points ledger."""
