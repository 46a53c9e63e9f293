"""What of an album can be taken along: tables, sidecars, copies of photos, and all in one zip."""
