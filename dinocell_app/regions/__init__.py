"""Regions of interest and their files."""
