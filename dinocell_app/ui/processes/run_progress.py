"""How far a run is, by the name under which the window's parts know it."""

from dinocell_app.run_queue.progress import RunProgress

__all__ = ["RunProgress"]
