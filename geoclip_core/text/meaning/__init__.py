"""What a description means: a network for sentences, and the places whose names mean nearly the same."""
