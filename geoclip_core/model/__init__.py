"""Networks only: location, image and text encoders, and the towers behind them."""
