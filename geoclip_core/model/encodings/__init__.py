"""Position encodings: formulas from coordinates to vectors, without trained weights, and the networks behind them."""
