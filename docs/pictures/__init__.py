"""The pictures of the documentation, taken of the dashboard on the demo: ``python -m docs.pictures``."""
