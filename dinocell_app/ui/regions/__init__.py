"""Regions of interest of the image that is shown."""
