"""People and organisations, their identifiers, and finding them again."""
