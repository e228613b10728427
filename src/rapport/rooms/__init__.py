"""The capability families, each in a room of its own; the last in the order stands on top."""
