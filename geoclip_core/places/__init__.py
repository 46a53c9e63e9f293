"""Names on the map: finding a place by name, and the nearest place to a point."""
