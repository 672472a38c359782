"""What bench_identity.py runs: data sets in the customers shape, and the matchers that are compared."""
