"""Rivals that classify: the Earth in cells, one class for each, in one partition, nested ones or overlapping ones."""
