"""Writes of the insight room."""
