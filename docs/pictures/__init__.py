"""The pictures of the documentation, taken from the dashboard on the demo by one command: ``python -m docs.pictures``."""
