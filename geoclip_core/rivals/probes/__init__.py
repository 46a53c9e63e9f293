"""What a location encoder knows of the Earth: targets, and the small models that read them off its vectors."""
