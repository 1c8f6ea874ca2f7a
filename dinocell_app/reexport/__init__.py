"""Exporting results again in other formats, and importing labels."""
