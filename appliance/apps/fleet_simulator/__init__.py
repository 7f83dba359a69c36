"""Boxes without camera and engines, for demonstrations of the fleet and for load."""
