"""DINOCell for the desktop: microscopy folders to cell masks and morphology tables."""

__version__ = "0.1.0"
