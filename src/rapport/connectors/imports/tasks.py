"""Imports that run in the worker."""
