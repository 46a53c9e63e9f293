"""Positions that a text states: coordinates, codes and links."""
