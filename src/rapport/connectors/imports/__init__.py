"""Bringing rows of files into the rooms: mapping, checking, landing, saying what could not land and why."""
