"""Personas, journey maps, touchpoint audit, blueprint, promises; empty until that capability moves in."""
