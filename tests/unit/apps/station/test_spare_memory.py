"""What a station does not need it does not hold."""

import subprocess
import sys

from appliance.apps.station import spare_memory


def test_a_station_has_not_loaded_the_libraries_of_what_it_seldom_does() -> None:
    heavy = ("pydicom", "pynetdicom", "highdicom", "scipy", "weasyprint", "onnx")
    programme = f"import sys, appliance.apps.station.run; print([m for m in {heavy} if m in sys.modules])"
    seen = subprocess.run([sys.executable, "-c", programme], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_spare_memory_is_given_back_once_and_can_be_called_off(monkeypatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(spare_memory, "give_back", lambda: calls.append(1))
    monkeypatch.setattr(spare_memory, "AFTER_S", 0.0)
    spare_memory.give_back_soon().join(5)
    assert calls == [1]
    monkeypatch.setattr(spare_memory, "AFTER_S", 60.0)
    timer = spare_memory.give_back_soon()
    timer.cancel()
    timer.join(5)
    assert calls == [1]


def test_giving_back_does_no_harm() -> None:
    spare_memory.give_back()
