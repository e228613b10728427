"""Who is asked: the frame, the draw, the rest rules, and the weights of who answered."""
