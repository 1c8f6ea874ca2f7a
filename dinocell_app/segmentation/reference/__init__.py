"""Which cells look like cells that a person points at: features, scores and a library of references."""
