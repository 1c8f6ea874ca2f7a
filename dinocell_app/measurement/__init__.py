"""Tables of morphology and intensity, one row a cell."""
