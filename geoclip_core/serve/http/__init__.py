"""The HTTP service: what it answers, whom it answers, and how much at a time."""
