"""Training: settings, data loading and augmentation, the network, and the two ways to train it (`training`, `refining`)."""
