"""Triggers, flows, messages and consent; empty until that capability moves in."""
