"""A claimed place, held against the evidence."""
