"""Tags: short words a shop puts on people."""
