"""Results in napari: a reader that napari finds by `napari.yaml` and imports when a result is opened."""
