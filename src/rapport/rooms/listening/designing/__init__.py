"""Designing surveys: drafts and their changes, versions, the question bank, templates, and the pages for it."""
