"""Keeps exams, their stills and the messages that wait for the broker."""
