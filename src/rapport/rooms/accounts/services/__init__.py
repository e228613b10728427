"""Writes to the accounts room."""
