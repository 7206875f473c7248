"""What every feature shares: ids, money, phones, errors, clock, events."""
