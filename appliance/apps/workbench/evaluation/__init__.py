"""The device judged by labelled pictures."""
