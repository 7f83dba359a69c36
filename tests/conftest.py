"""For every test: hypothesis draws the same examples each run, so a red run is red for everybody."""

from hypothesis import settings

settings.register_profile("reproducible", derandomize=True, deadline=None)
settings.load_profile("reproducible")
