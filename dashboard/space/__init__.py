"""The Aligned space page: what is on the map, how it is coloured, selected, searched and exported.

The view models (``points``, ``colouring``, ``selection``, ``search``, ``neighbours``) know nothing of charts; only
``component`` says what the map in the browser gets and gives, ``figures`` draws.
"""
