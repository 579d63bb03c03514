"""Measurements behind the figures that MIRAGE states; each is a command, ``python -m benchmarks.NAME``."""
