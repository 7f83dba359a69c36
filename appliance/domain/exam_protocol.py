"""Which nailfold is looked at after which."""

from dataclasses import dataclass

from appliance.domain.exam import Finger, Hand, Placement, Sector

# Thumbs are outside the standard (doi 10.1016/j.autrev.2020.102458); they can be chosen but are never proposed.
STANDARD_FINGERS = (Finger.INDEX, Finger.MIDDLE, Finger.RING, Finger.LITTLE)
NAILFOLD_SECTORS = (Sector.A, Sector.B, Sector.C, Sector.D)


@dataclass(frozen=True)
class ExamProtocol:
    """An order of placements that is proposed, never enforced.

    Attributes:
        name: as shown to the operator.
        placements: every proposed placement once, in the order of the exam.
    """

    name: str
    placements: tuple[Placement, ...]

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


FREE_PROTOCOL = ExamProtocol(
    name="free",
    placements=tuple(
        Placement(hand, finger, sector) for hand in Hand for finger in STANDARD_FINGERS for sector in NAILFOLD_SECTORS
    ),
)
