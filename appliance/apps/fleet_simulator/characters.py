"""Which clinics there are, and what is the matter with which box."""

from dataclasses import dataclass
from enum import Enum

_FEW = 20
_HUNDRED = 100


@dataclass(frozen=True)
class Clinic:
    """An invented clinic in a real town; degrees of the town's centre, north and east positive."""

    site: str
    title: str
    latitude: float
    longitude: float


CLINICS = (
    Clinic("lyon", "Rheumatology, Lyon", 45.76, 4.84),
    Clinic("porto", "Internal medicine, Porto", 41.15, -8.61),
    Clinic("ghent", "Rheumatology, Ghent", 51.05, 3.72),
    Clinic("turin", "Immunology, Turin", 45.07, 7.69),
    Clinic("graz", "Rheumatology, Graz", 47.07, 15.44),
    Clinic("leipzig", "Rheumatology, Leipzig", 51.34, 12.37),
    Clinic("valencia", "Dermatology, Valencia", 39.47, -0.38),
    Clinic("bern", "Rheumatology, Bern", 46.95, 7.45),
    Clinic("brno", "Internal medicine, Brno", 49.20, 16.61),
    Clinic("leeds", "Rheumatology, Leeds", 53.80, -1.55),
    Clinic("gdansk", "Rheumatology, Gdansk", 54.35, 18.65),
    Clinic("nantes", "Vascular medicine, Nantes", 47.22, -1.55),
    Clinic("bologna", "Rheumatology, Bologna", 44.49, 11.34),
    Clinic("aarhus", "Rheumatology, Aarhus", 56.16, 10.20),
    Clinic("sevilla", "Internal medicine, Sevilla", 37.39, -5.98),
    Clinic("freiburg", "Rheumatology, Freiburg", 48.00, 7.85),
    Clinic("utrecht", "Rheumatology, Utrecht", 52.09, 5.12),
    Clinic("gothenburg", "Rheumatology, Gothenburg", 57.71, 11.97),
    Clinic("bari", "Dermatology, Bari", 41.12, 16.87),
    Clinic("cork", "Rheumatology, Cork", 51.90, -8.47),
    Clinic("zagreb", "Rheumatology, Zagreb", 45.81, 15.98),
    Clinic("bilbao", "Vascular medicine, Bilbao", 43.26, -2.93),
    Clinic("linz", "Internal medicine, Linz", 48.31, 14.29),
    Clinic("toulouse", "Rheumatology, Toulouse", 43.60, 1.44),
    Clinic("rostock", "Dermatology, Rostock", 54.09, 12.10),
)


class SimulatedTrouble(Enum):
    """Why a box needs a person."""

    HOT = "hot"
    DISK_FULL = "disk full"
    CAMERA_FAILED = "failed camera"
    WIDTHS_DRIFT = "drifting widths"


@dataclass(frozen=True)
class Character:
    """One box of the simulation; `number` is where its chance begins."""

    number: int
    clinic: Clinic
    box: str
    trouble: SimulatedTrouble | None

    @property
    def name(self) -> str:
        return f"{self.clinic.site}/{self.box}"


def characters(boxes: int, first: int = 0) -> tuple[Character, ...]:
    """So many boxes in believable clinics, always the same for the same numbers.

    Of less than 20 boxes two need a person (hot; drifting widths), else one of each kind in every hundred.

    Args:
        first: number of the first, so that several processes can share a fleet.
    """
    return tuple(_character(number, boxes + first) for number in range(first, first + boxes))


def _character(number: int, boxes: int) -> Character:
    towns = max(1, min(len(CLINICS), -(-boxes // 2)))
    clinic, place = CLINICS[number % towns], number // towns + 1
    kinds = (SimulatedTrouble.HOT, SimulatedTrouble.WIDTHS_DRIFT) if boxes < _FEW else tuple(SimulatedTrouble)
    within = number % _HUNDRED
    trouble = kinds[within - 1] if 1 <= within <= len(kinds) else None
    return Character(number, clinic, f"box-{place}", trouble)
