"""Writes of the room: rules, evaluation, and every step of a case."""
