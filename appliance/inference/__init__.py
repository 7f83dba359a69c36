"""Engines: the manifest that vouches for them, the runtimes, and the two networks' pre- and post-processing."""
