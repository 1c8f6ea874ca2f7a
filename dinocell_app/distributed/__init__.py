"""Segmentation on several computers: one dask worker an image, the files and events of a plain run."""
