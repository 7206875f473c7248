"""Processes: the only place where everything meets."""
