"""The Reference cells dock: point at a cell, see all cells like it."""
