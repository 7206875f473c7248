"""The core: what a customer base is. Standard library and pure data libraries only; it never mentions a tenant."""
