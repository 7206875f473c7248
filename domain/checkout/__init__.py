"""The till: a document comes in, and history, figures and points follow in one step."""
