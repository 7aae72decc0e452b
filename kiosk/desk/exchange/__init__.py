"""Exchange with other organisations: bundles, aggregates and the comparison of figures."""
