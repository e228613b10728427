"""Exports of files."""
