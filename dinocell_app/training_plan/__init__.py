"""What a person chooses before a training, and what trainings came to."""
