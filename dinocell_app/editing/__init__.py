"""Correcting label images by hand: tools, reversible deltas, and a journal that loses nothing."""
