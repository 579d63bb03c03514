"""Tiny corpora with exactly the layout, names and lines of the real ones."""
