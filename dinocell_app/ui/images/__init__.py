"""The images of the project: a tree by folder with thumbnail, status and number of cells."""
