"""Access, and later consent, retention and data-subject requests."""
