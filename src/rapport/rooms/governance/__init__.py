"""Council, champions, maturity, scorecards and learning; empty until that capability moves in."""
