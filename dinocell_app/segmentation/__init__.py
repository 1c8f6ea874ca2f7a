"""From an image and a model to labels in the frame of the image."""
