"""Galleries of up to a hundred million points: made once into a folder, searched for the most similar points."""
