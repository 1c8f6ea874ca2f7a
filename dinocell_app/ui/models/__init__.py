"""Models of the catalogue in the window."""
