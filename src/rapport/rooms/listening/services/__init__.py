"""Writes of the listening room."""
