"""The page's second view: an album of many photos on one map and in one table."""
