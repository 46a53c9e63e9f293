"""Rivals that look up: neighbours among the training photos, and GeoCLIP's gallery of places."""
