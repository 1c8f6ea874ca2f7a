"""Looking at images and results: tiles of a pyramid, contrast, labels, tools."""
