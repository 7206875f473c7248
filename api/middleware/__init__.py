"""What happens around every operation."""
