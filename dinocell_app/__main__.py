"""Entry of `dinocell-app` and of `python -m dinocell_app`."""

from __future__ import annotations

import sys

from dinocell_app.cli import main

if __name__ == "__main__":
    sys.exit(main())
