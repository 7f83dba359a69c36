"""What needs a person: raised and cleared with hysteresis, and told whole each time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from appliance.fleet.message import Instant, Message, Part
from appliance.fleet.telemetry import Telemetry


class AlertCode(str, Enum):
    """Closed, so that pages can word each; a box with a newer one has a newer version of the message."""

    HOT = "hot"
    THROTTLED = "throttled"
    DISK_LOW = "disk_low"
    CLOCK_UNSYNCHRONISED = "clock_unsynchronised"
    CAMERA_LOST = "camera_lost"
    ENGINE_SLOW = "engine_slow"
    RESULTS_WAITING = "results_waiting"
    RESULTS_WITHHELD = "results_withheld"


class Alert(Part):
    """One that is raised now."""

    code: Annotated[AlertCode, Field(strict=False)]
    since: Instant
    value: Annotated[float, Field(description="As measured when it was told.")]
    limit: Annotated[float, Field(description="Beyond which it is raised.")]


class Alerts(Message):
    """Retained, up: every alert that is raised, none left out; an empty list says that all is well."""

    NAME: ClassVar = "nailfold.alerts/1"
    schema_: Literal["nailfold.alerts/1"] = Field(default="nailfold.alerts/1", alias="schema")
    boot_id: Annotated[str, Field(min_length=1)]
    alerts: Annotated[tuple[Alert, ...], Field(strict=False)]
    ts: Instant


@dataclass(frozen=True)
class AlertRule:
    """When an alert is raised and when it is cleared.

    Attributes:
        value: of a telemetry; None where the box does not know, which changes nothing.
        raise_at: at this value or beyond, for `hold_s`, it is raised.
        clear_at: at this value or on its good side, for `hold_s`, it is cleared. Above `raise_at`, low values are bad.
    """

    code: AlertCode
    value: Callable[[Telemetry], float | None]
    raise_at: float
    clear_at: float
    hold_s: float

    def is_bad(self, value: float) -> bool:
        return value >= self.raise_at if self.raise_at > self.clear_at else value <= self.raise_at

    def is_good(self, value: float) -> bool:
        return value <= self.clear_at if self.raise_at > self.clear_at else value >= self.clear_at


def _hottest(one: Telemetry) -> float | None:
    return max(one.temperatures_c.values(), default=None)


def _as_number(is_so: bool | None) -> float | None:
    return None if is_so is None else float(is_so)


def _engine_fps(one: Telemetry) -> float | None:
    return one.engine_fps if one.camera == "live" else None


RULES: tuple[AlertRule, ...] = (
    # Orin throttles by software at 99 degrees (Jetson Linux developer guide, thermal specifications): before that.
    AlertRule(AlertCode.HOT, _hottest, 92.0, 85.0, 60.0),
    AlertRule(AlertCode.THROTTLED, lambda one: _as_number(one.is_throttled), 1.0, 0.0, 120.0),
    # An exam is about 80 MB: 60 and 100 exams.
    AlertRule(AlertCode.DISK_LOW, lambda one: float(one.disk_free_mb), 5_000.0, 8_000.0, 0.0),
    AlertRule(
        AlertCode.CLOCK_UNSYNCHRONISED,
        lambda one: None if one.clock_is_synchronised is None else float(not one.clock_is_synchronised),
        1.0,
        0.0,
        600.0,
    ),
    AlertRule(AlertCode.CAMERA_LOST, lambda one: float(one.camera == "lost"), 1.0, 0.0, 120.0),
    AlertRule(AlertCode.ENGINE_SLOW, _engine_fps, 5.0, 8.0, 120.0),
    AlertRule(AlertCode.RESULTS_WAITING, lambda one: float(one.outbox.pending + one.outbox.sent), 50.0, 10.0, 600.0),
    AlertRule(AlertCode.RESULTS_WITHHELD, lambda one: float(one.outbox.dead), 1.0, 0.0, 0.0),
)


class _Watch:
    """One rule's state."""

    def __init__(self, rule: AlertRule) -> None:
        self.rule = rule
        self.alert: Alert | None = None
        self._turned_s: float | None = None

    def step(self, telemetry: Telemetry, now_s: float) -> None:
        value = self.rule.value(telemetry)
        if value is None:
            return
        turns = self.rule.is_good(value) if self.alert is not None else self.rule.is_bad(value)
        if not turns:
            self._turned_s = None
            return
        self._turned_s = now_s if self._turned_s is None else self._turned_s
        if now_s - self._turned_s < self.rule.hold_s:
            return
        self._turned_s = None
        raised = Alert(code=self.rule.code, since=telemetry.ts, value=value, limit=self.rule.raise_at)
        self.alert = raised if self.alert is None else None


class AlertWatch:
    """The alerts of one box, telemetry by telemetry."""

    def __init__(self, rules: Sequence[AlertRule] = RULES) -> None:
        self._watches = [_Watch(rule) for rule in rules]

    def step(self, telemetry: Telemetry, now_s: float) -> tuple[Alert, ...]:
        """What is raised after this one.

        Args:
            now_s: monotonic.
        """
        for watch in self._watches:
            watch.step(telemetry, now_s)
        return tuple(watch.alert for watch in self._watches if watch.alert is not None)
