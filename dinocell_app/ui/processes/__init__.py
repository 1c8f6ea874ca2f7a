"""The window's side of other processes: the engine of previews and the queue of runs."""
