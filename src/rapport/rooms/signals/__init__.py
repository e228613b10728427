"""The one ledger of everything anyone said."""
