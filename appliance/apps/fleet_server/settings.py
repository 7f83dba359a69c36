"""Settings of the fleet's servers, read from a file of their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

from appliance.apps.config.settings_reader import Layer, read_layers
from appliance.apps.fleet_server.database import FleetDatabase
from appliance.domain.bounded_toml import TOMLDecodeError, bounded_toml
from appliance.domain.box_topics import HOST_SITE
from appliance.domain.errors import SettingsError
from appliance.transport.settings import MqttSettings
from webui.settings import WebSettings


@dataclass(frozen=True)
class DatabaseSettings:
    """Where the fleet's results are kept.

    Attributes:
        url: "sqlite:////var/lib/nailfold-fleet/fleet.sqlite3" (the default: fleet.sqlite3 in the working folder) or
            "postgresql+psycopg://user@host/fleet"; a password belongs into ~/.pgpass, never here.
        answer_timeout_s: of PostgreSQL, for one statement; then a worker gives back what it has, and a page says so.
    """

    url: str = "sqlite:///fleet.sqlite3"
    answer_timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if not 1.0 <= self.answer_timeout_s <= 3600.0:
            raise SettingsError(f"database.answer_timeout_s is {self.answer_timeout_s}", "Use 1 to 3600.")

    def open(self) -> FleetDatabase:
        """The database; usable with `with`. Raises SettingsError and StoreError."""
        return FleetDatabase(self.url, self.answer_timeout_s)


@dataclass(frozen=True)
class IngestSettings:
    """How results are received.

    Attributes:
        group: how the name of the MQTT 5 shared subscription begins; every worker of one fleet says the same. The rest
            is a secret of their database: a box that knew it could take a part of the results for itself.
        part: of the boxes, which this worker takes where the broker has no shared subscriptions: "2/3" is the second of
            three workers; each box belongs to one part, by its name. Without effect on any other broker.
        batch: at most so many results are kept in one commit.
        batch_wait_s: a result waits at most so long for others to share its commit.
        gap_grace_s: a number that is missing behind later ones is asked for after this; twice as long each time.
        gap_look_s: how often gaps are searched.
        told_within_s: a new job or desired setting is told to its box after at most so long.
        model_look_s: how often the figures of boxes with new results are compared with their reference.
        telemetry_kept_days: older telemetry is dropped.
    """

    group: str = "ingest"
    part: str = "1/1"
    batch: int = 200
    batch_wait_s: float = 0.05
    gap_grace_s: float = 60.0
    gap_look_s: float = 10.0
    told_within_s: float = 2.0
    model_look_s: float = 600.0
    telemetry_kept_days: float = 90.0

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= 10_000:
            raise SettingsError(f"ingest.batch is {self.batch}", "Use 1 to 10000.")
        number, parts = self.part_numbers
        if not 1 <= number <= parts:
            raise SettingsError(f"ingest.part is {self.part!r}", 'Use "2/3" for the second of three workers.')
        if not self.group.isalnum():
            raise SettingsError(f"ingest.group is {self.group!r}", "Use letters and digits.")

    @property
    def part_numbers(self) -> tuple[int, int]:
        """Which of how many; (0, 0) for what is no part."""
        number, _, parts = self.part.partition("/")
        is_one = all(one.isascii() and one.isdecimal() and len(one) < 4 for one in (number, parts))
        return (int(number), int(parts)) if is_one else (0, 0)


@dataclass(frozen=True)
class ConsoleSettings:
    """Where the console keeps what is its own.

    Attributes:
        folder: accounts, their journal, and the key of the cookies.
    """

    folder: Path = Path("fleet-console")


@dataclass(frozen=True)
class FleetSettings:
    """One table a part; `mqtt.box` is this server's own name, such as "ingest-1"; `web` is where the console is."""

    mqtt: MqttSettings
    database: DatabaseSettings
    ingest: IngestSettings
    web: WebSettings
    console: ConsoleSettings


def load_fleet_settings(file: Path) -> FleetSettings:
    """What the file says over the defaults.

    Raises:
        SettingsError: the file cannot be read, or a value cannot be used; names every problem.
    """
    try:
        tables = bounded_toml(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from error
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is no TOML: {error}") from error
    return fleet_settings(Layer(str(file), tables))


def fleet_database(file: Path) -> FleetDatabase:
    """The database that a server's file names, for a command that needs nothing else.

    Raises:
        SettingsError: the file, or the address in it, cannot be used.
        StoreError: it cannot be opened.
    """
    return load_fleet_settings(file).database.open()


def fleet_settings(*layers: Layer) -> FleetSettings:
    """Of these layers over the defaults. Raises SettingsError for what cannot be used."""
    implied = Layer("a server of the fleet", {"mqtt": {"site": HOST_SITE, "box": "ingest-1", "enabled": True}})
    reading = read_layers(get_type_hints(FleetSettings), [implied, *layers])
    if reading.problems:
        raise SettingsError("; ".join(reading.problems))
    return FleetSettings(**reading.tables)
