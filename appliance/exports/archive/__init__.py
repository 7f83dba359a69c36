"""Exams as a ZIP that another box can take in."""
