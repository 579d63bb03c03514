"""The Benchmark page: what is compared and how it came out, starting one and watching it, the report card of a run.

``view``, ``family`` and ``card_view`` are plain logic; the figures draw, the panels lay out.
"""
