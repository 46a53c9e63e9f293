"""Data that other programs made: WebDataset shards with positions, and features of any backbone."""
