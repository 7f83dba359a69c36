"""Classifiers of the scleroderma pattern, learnt from a clinic's own reviewed exams."""
