"""The queue: runs and their images, how far they are, and what can be done about them."""
