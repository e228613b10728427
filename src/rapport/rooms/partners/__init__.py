"""The portal of partners, their surveys, scorecards and help desk; empty until that capability moves in."""
