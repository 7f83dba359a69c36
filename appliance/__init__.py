"""The nailfold appliance: live capillaroscopy, exams and their messages."""

__version__ = "0.1.0"
