"""The Segment dock: model, channel, cell size and thresholds, a preview, and the runs started from them."""
