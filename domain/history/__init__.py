"""Receipts, returns, the timeline and the figures that follow from them."""
