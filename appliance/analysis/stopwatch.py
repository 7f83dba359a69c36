"""Milliseconds of each stage of one frame."""

from collections.abc import Callable


class Stopwatch:
    """Runs from its construction; each lap ends one stage and begins the next."""

    def __init__(self, perf_counter_s: Callable[[], float]) -> None:
        self._perf_counter_s = perf_counter_s
        self._began_s = self._last_s = perf_counter_s()
        self._laps_ms: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Book the time since the last lap on `stage`."""
        now_s = self._perf_counter_s()
        self._laps_ms[stage] = (now_s - self._last_s) * 1000
        self._last_s = now_s

    def total(self) -> dict[str, float]:
        """All laps and "total", from the construction to the last lap."""
        return {**self._laps_ms, "total": (self._last_s - self._began_s) * 1000}
