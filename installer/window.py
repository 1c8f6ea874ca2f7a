"""Start of the window's executable."""

import multiprocessing
import sys

from dinocell_app.__main__ import main

if __name__ == "__main__":
    # Loaders of the training start this executable again; there it must not open another window.
    multiprocessing.freeze_support()
    sys.exit(main())
