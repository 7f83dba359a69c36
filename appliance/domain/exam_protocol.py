"""Which nailfold is examined after which."""

from dataclasses import dataclass

from appliance.domain.errors import ExamError
from appliance.domain.exam import Finger, Hand, Placement, Sector

STANDARD_FINGERS = (Finger.INDEX, Finger.MIDDLE, Finger.RING, Finger.LITTLE)
"""Those of which an exam's figures are made. Thumbs are outside the standard (doi 10.1016/j.autrev.2020.102458): they
can be examined and have figures of their own, but are never proposed and enter no figure of the exam."""
NAILFOLD_SECTORS = (Sector.A, Sector.B, Sector.C, Sector.D)
# Two adjoining fields in the middle of the nailfold [confirm: that the two are B and C].
MIDDLE_SECTORS = (Sector.B, Sector.C)


@dataclass(frozen=True)
class ExamProtocol:
    """An order of placements that is proposed, never enforced.

    Attributes:
        name: as kept with the exam: "free", "16" or "32".
        placements: every proposed placement once, in the order of the exam.
        is_complete_without: whether an exam that lacks some of the placements is none the less whole.
    """

    name: str
    placements: tuple[Placement, ...]
    is_complete_without: bool = False

    @property
    def first(self) -> Placement:
        return self.placements[0]

    def after(self, placement: Placement) -> Placement:
        """The placement to propose after a capture at `placement`.

        The last one, and any that the protocol does not contain (a thumb, a panoramic image), stays selected: the
        operator went there on purpose.
        """
        if placement not in self.placements:
            return placement
        following = self.placements.index(placement) + 1
        return self.placements[min(following, len(self.placements) - 1)]


def _placements(sectors: tuple[Sector, ...]) -> tuple[Placement, ...]:
    return tuple(Placement(hand, finger, sector) for hand in Hand for finger in STANDARD_FINGERS for sector in sectors)


# Eight fingers by two and by four sectors: doi 10.1093/rheumatology/keac487.
PROTOCOL_16 = ExamProtocol("16", _placements(MIDDLE_SECTORS))
PROTOCOL_32 = ExamProtocol("32", _placements(NAILFOLD_SECTORS))
FREE_PROTOCOL = ExamProtocol("free", _placements(NAILFOLD_SECTORS), is_complete_without=True)
PROTOCOLS = {protocol.name: protocol for protocol in (FREE_PROTOCOL, PROTOCOL_16, PROTOCOL_32)}


def protocol_named(name: str) -> ExamProtocol:
    """The protocol that an exam names.

    Raises:
        ExamError: there is none of that name.
    """
    if name not in PROTOCOLS:
        raise ExamError(f"there is no exam protocol {name!r}", f"Choose one of {', '.join(PROTOCOLS)}.")
    return PROTOCOLS[name]
