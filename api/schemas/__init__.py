"""The published contract: pydantic models of requests and answers."""
