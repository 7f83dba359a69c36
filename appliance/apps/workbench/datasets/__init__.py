"""Labelled pictures: rendered, converted, or from reviewed exams."""
