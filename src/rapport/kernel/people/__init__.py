"""People who sign in: adding and changing them, their reach, their passwords and their programs' tokens."""
