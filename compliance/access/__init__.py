"""Keys, roles and permissions."""
