"""Kinds of things in photos, and where on Earth such things are photographed."""
