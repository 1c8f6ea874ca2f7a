"""Image files and pixels: reading, planes, pixel sizes, intensity normalisation."""
