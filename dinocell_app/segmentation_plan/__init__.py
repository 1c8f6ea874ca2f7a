"""What a person chooses before a segmentation, and what would be done."""
