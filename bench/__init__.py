"""Benchmarks: each makes its own data and runs its floor or peer beside ours, in turns."""
