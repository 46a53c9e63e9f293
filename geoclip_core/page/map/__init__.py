"""The map on the page: what it draws of an answer, the files it needs, and what a visitor does on it."""
