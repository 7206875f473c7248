"""Adapters we ship; each is a plugin written only against plugins.sdk."""
