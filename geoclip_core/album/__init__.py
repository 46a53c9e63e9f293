"""An album: many photos of different places, what the model says of each, and what a person made of that."""
