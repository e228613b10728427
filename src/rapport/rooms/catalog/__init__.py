"""Reference data by stable key: regions, functions, products, stages, touchpoints, metrics and the like."""
