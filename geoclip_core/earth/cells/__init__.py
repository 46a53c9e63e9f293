"""Cells of the Earth: hexagons of nearly equal size, squares in squares, and partitions fitted to where photos lie."""

from geoclip_core.earth.cells.hexagons import cell_areas_km2, cell_centres, cells_of
from geoclip_core.earth.cells.partition import Partition, adaptive_partition

__all__ = ["Partition", "adaptive_partition", "cell_areas_km2", "cell_centres", "cells_of"]
