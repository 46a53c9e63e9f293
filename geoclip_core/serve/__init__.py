"""Many questions at once: a folder of photos, and a local HTTP service."""
