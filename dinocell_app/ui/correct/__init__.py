"""Correcting cells by hand in the viewer."""
