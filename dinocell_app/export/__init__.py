"""Results as files: masks, regions, outlines, overlays and tables, each whole or absent."""
