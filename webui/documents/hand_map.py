"""The hand map as pages and programs read it."""

from pydantic import BaseModel, Field

from appliance.domain.exam import Finger, Hand, Sector
from appliance.domain.hand_map import CellState, HandMap
from webui.localisation.catalogue import catalogue


class CellDocument(BaseModel):
    """One sector of one nailfold."""

    hand: Hand
    finger: Finger
    sector: Sector
    state: CellState
    image_ids: list[str]
    reasons: list[str] = Field(description="Why it is not evaluable, in words")


class HandMapDocument(BaseModel):
    """What of an exam is done, missing and not evaluable."""

    cells: list[CellDocument]
    counts: dict[str, int] = Field(description="Sectors in each state: done, missing, not_evaluable, open")
    is_complete: bool = Field(description="Nothing that the protocol asks for is missing")


def hand_map_document(hand_map: HandMap) -> HandMapDocument:
    """All cells, left hand first, thumb to little finger, A to D."""
    cells = [
        CellDocument(
            hand=cell.placement.hand,
            finger=cell.placement.finger,
            sector=cell.placement.sector,
            state=cell.state,
            image_ids=list(cell.image_ids),
            reasons=[_words(reason) for reason in cell.reasons],
        )
        for cell in hand_map.cells
    ]
    counts = {state.value: hand_map.count(state) for state in CellState}
    return HandMapDocument(cells=cells, counts=counts, is_complete=hand_map.is_complete)


def _words(reason: str) -> str:
    """A quality reason's words without the advice behind the colon; a person's own words as they are."""
    return str(catalogue()["quality"].get(reason, reason)).split(":", maxsplit=1)[0]
