"""One module per file format: how it is read, how it is written. A new format is a new module."""
