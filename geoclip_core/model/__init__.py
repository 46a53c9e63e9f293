"""The network: location, image, text and place encoders."""
