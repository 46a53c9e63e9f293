"""Positions put to use: photos with labels, ways to split places, and the scores of tagging and of probes."""
