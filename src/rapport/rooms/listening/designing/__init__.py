"""Designing surveys: drafts and their changes, versions, the bank, templates, and the pages for it."""
