"""Rapport: business-to-business customer experience, run in the open."""
