"""The pages of the room: lists of cases, one case with its steps, and the rules."""
