"""Many photos, each by itself."""
