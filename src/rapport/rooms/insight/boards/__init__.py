"""Dashboards: what a tile may ask for, what each role begins with, how tiles are counted and drawn."""
