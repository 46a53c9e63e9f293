"""Ways to use a position as a feature for tagging photos, and pixels alone: the rows of GeoCLIP's NUS-WIDE table."""
