"""The mail port: messages are queued with the change that causes them and leave at most once."""
