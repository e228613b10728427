"""Taking lists out: every list a user may see, streamed, in the user's scope."""
