"""Reads of the accounts room."""
