"""The frozen image towers that a model can stand behind: their registry, and building them from weights."""
