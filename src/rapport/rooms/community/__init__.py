"""Ideas, questions, advisory boards and stories; empty until that capability moves in."""
