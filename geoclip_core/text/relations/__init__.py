"""Places relative to others: what a text says, and where on Earth that holds."""
