"""Tables of cells of a whole project: reading, filtering, ordering, grouping, distributions."""
