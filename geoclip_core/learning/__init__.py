"""The training pipeline: pairs of photo and place in, a trained model out."""
