"""The published contract, built from what the operations promise: `python -m api.openapi` writes it."""
