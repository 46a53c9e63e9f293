"""Sources of evidence: each says, for points of the Earth, how likely a photo or a text was made there."""
