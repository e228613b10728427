"""Columnar facts and measures; empty until the columnar engine moves in."""
