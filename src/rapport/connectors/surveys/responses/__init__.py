"""Response files: their columns read by what the survey file said of them, and recorded in the ledger."""
