"""The Present page: the story of a run as a talk, step by step, with the figures of this moment."""
