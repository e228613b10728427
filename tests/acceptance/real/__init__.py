"""Real data sets, imported by saved mappings and held against the control sums their readmes state."""
