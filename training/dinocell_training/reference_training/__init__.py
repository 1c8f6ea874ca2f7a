"""Training of the head that finds cells like reference cells."""
