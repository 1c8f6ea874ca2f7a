"""The warm child process behind previews: it keeps a model loaded and the last network outputs."""
