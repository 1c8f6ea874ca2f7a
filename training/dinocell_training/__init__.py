"""Training and evaluation: data sets, augmentation, fine-tuning, metrics."""
