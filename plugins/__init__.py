"""The socket that adapters plug into."""
