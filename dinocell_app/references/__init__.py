"""Reference cells: types, how they are written, libraries, crops, and whether images are alike."""
