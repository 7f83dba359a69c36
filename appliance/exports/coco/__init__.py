"""Reviewed exams as a labelled data set."""
