"""Reference data by stable key: regions, divisions, functions, products, stages, touchpoints, metrics, partners."""
