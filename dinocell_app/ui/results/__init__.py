"""The results dock: cells, images, plots, gallery and overview of a result set."""
