"""A data folder without its station: exams in, exams out, reports."""
