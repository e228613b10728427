"""Rules, cases, and what is done about feedback."""
