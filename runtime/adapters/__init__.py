"""Technical adapters of core ports."""
