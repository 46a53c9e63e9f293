"""Rivals that model the density over the sphere itself: a mixture, and a flow."""
