"""From a model's name to loaded weights."""
