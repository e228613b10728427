"""Calls to addresses that people typed in: checked, connected to where was checked, signed, and bounded."""
