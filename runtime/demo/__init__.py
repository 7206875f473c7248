"""The demo shop: real purchases of invented people, sent through the public API like anybody's."""
