"""HTTP in: routes, published schemas, problems, idempotency."""
