"""Numbers only: metrics, benchmarks, published results."""
