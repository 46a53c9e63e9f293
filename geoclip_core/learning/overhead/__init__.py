"""Training the overhead model: views cut from pictures of the Earth, augmentation, calibration."""
