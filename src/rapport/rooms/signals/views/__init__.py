"""The pages of the signals room."""
