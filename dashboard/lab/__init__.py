"""The Latent lab page: the state of its controls, what a run makes of it, the charts and the tray.

``controls``, ``readout``, ``tray`` and ``export`` are plain logic; ``figures`` draws, ``panel`` lays out.
"""
