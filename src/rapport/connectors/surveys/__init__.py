"""Survey files of rivals: theirs become ours with a report of what was lost, and ours can leave as theirs."""
