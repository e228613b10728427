"""Surveys, programmes, sampling and channels; empty until that capability moves in."""
