"""Words: language, sentiment, themes; empty until the readers of comments move in."""
