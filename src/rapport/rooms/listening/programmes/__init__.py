"""Standing ways to listen: their plan, their life, their pages."""
