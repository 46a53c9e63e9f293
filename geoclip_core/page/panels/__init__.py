"""Parts of the page around the map, one file each."""
