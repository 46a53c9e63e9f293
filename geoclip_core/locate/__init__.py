"""From a vector to an answer."""
