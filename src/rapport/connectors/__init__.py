"""The world outside: files, and the systems of others."""
