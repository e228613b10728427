"""The insight room keeps no tables yet."""
