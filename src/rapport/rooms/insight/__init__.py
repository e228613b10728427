"""Figures made from the ledger."""
