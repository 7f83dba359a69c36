"""Argon2id without its cost, where a test is about something else."""

import pytest

from appliance.storage import sealed_stream


def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """For one test."""
    monkeypatch.setattr(sealed_stream, "_MEMORY_KIB", 64)
