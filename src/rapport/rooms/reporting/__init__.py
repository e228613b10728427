"""Digests, one-pagers, briefs and schedules; empty until that capability moves in."""
