"""Pairs of photo and place: tables, folders, shards, cached features, splits and the order of rows."""
