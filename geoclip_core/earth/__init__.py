"""The sphere: coordinates, distance, projection, cells, map windows, regions."""
