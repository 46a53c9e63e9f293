"""A training run: command line, Lightning module, checkpoints, resuming, validation, export."""
