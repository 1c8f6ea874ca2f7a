"""The Review dock: looking through cells with the keyboard, and audits of random cells and places."""
