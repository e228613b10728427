"""Reads of the insight room: counts made in the database, figures made of them."""
