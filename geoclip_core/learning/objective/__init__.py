"""What is minimised: losses, negatives, and noise on coordinates."""
