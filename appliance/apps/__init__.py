"""Joins everything; imported by nobody."""
