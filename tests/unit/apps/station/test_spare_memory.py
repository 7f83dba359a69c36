"""What a station does not need it does not hold."""

import subprocess
import sys
import threading

from appliance.apps.station import spare_memory


def test_a_station_has_not_loaded_the_libraries_of_what_it_seldom_does() -> None:
    heavy = ("pydicom", "pynetdicom", "highdicom", "scipy", "weasyprint", "onnx")
    programme = f"import sys, appliance.apps.station.run; print([m for m in {heavy} if m in sys.modules])"
    seen = subprocess.run([sys.executable, "-c", programme], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"


def test_spare_memory_is_given_back_again_and_again_until_the_station_stops(monkeypatch) -> None:
    calls, thrice = [], threading.Event()

    def give_back() -> None:
        calls.append(1)
        if len(calls) == 3:
            thrice.set()

    monkeypatch.setattr(spare_memory, "give_back", give_back)
    working = spare_memory.SpareMemory(after_s=0.0, every_s=0.01)
    working.start()
    assert thrice.wait(30)
    working.stop(30)
    ended_with = len(calls)
    assert threading.Event().wait(0.1) is False
    assert len(calls) == ended_with


def test_a_station_that_stops_before_its_first_time_waits_for_nothing(monkeypatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(spare_memory, "give_back", lambda: calls.append(1))
    never_started, waiting = spare_memory.SpareMemory(), spare_memory.SpareMemory(after_s=3600.0)
    never_started.stop(30)
    waiting.start()
    waiting.stop(30)
    assert calls == []


def test_giving_back_does_no_harm() -> None:
    spare_memory.give_back()
