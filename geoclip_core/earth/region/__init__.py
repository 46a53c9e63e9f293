"""Regions beyond countries, boxes and circles: their parts, and reading them from text."""
