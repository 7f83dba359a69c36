"""Exports and imports as the API's answers."""

from pydantic import BaseModel, Field

from appliance.exports.archive.uploads import ImportedArchive
from appliance.exports.dicom.sending import Sending, SendState
from appliance.exports.imports.picture_imports import ImportItem, PictureImport
from webui.documents.instant import Instant


class SendingAnswer(BaseModel):
    """How far an exam is on its way to the DICOM archive."""

    exam_id: str
    state: str = Field(description="none, waiting, sending, sent or failed")
    stored: int = Field(0, description="Objects that the archive has confirmed")
    total: int = Field(0, description="Of so many; 0 until they are made")
    tries: int = 0
    message: str = Field("", description="Why the newest try failed")
    remedy: str = ""


class PacsAnswer(BaseModel):
    """The DICOM archive of the settings."""

    is_on: bool
    name: str = Field(description="Empty where none is set")
    calling_ae_title: str


class ResultAnswer(BaseModel):
    """What was found in a picture."""

    is_evaluable: bool
    capillaries: int
    density_per_mm: float | None
    density_ci95_per_mm: float | None = Field(description="Half the width of its 95 % interval")


class FileAnswer(BaseModel):
    """One file of an import."""

    item_id: str
    name: str
    hand: str | None
    finger: str | None
    sector: str | None
    width_px: int
    height_px: int
    um_per_px: float | None = Field(description="Embedded in the file")
    scale_source: str | None = Field(description="Which of the file states it: dicom, still (of this product) or tags")
    taken_at: Instant | None = Field(description="When it was taken, as the file tells")
    camera_name: str = Field(description="As the file tells; empty where it does not")
    has_thumbnail: bool = Field(description="A small JPEG is at .../files/{item_id}/thumbnail.jpg")
    problem: str = Field(description="Why it is not imported; empty while all is well")
    note: str = Field(
        description="What of it was not used, had to be assumed or contradicts itself; empty where all is well"
    )
    result: ResultAnswer | None


class ImportAnswer(BaseModel):
    """An import of pictures."""

    import_id: str
    state: str = Field(description="collecting, running, done or failed")
    files: list[FileAnswer]
    done: int = Field(description="Files measured so far")
    total: int = Field(description="Files to measure")
    exam_id: str | None = Field(description="What they became")
    message: str
    remedy: str


class UploadAnswer(BaseModel):
    """An archive that lies on the box and was not taken in yet."""

    upload_id: str


class TakenInAnswer(BaseModel):
    """What became of an archive; with `undecided` nothing was taken in yet."""

    imported: list[str] = Field(description="Exams that are new here")
    known: list[str] = Field(description="Exams that were here already")
    problems: list[str] = Field(description="Reviews that could not be taken over")
    undecided: list[str] = Field(description="Pseudonyms in use on this box: say who is who, then ask again")
    looks_like: dict[str, str] = Field({}, description="Of these, those that only look like one of this box's, to it")


def sending_document(exam_id: str, sending: Sending | None) -> SendingAnswer:
    """The state "none" stands for an exam that was not sent since the station started."""
    if sending is None:
        sending = Sending(exam_id, SendState.WAITING)
        return _sending(sending, "none")
    return _sending(sending, sending.state.value)


def _sending(sending: Sending, state: str) -> SendingAnswer:
    return SendingAnswer(
        exam_id=sending.exam_id,
        state=state,
        stored=sending.stored,
        total=sending.total,
        tries=sending.tries,
        message=sending.message,
        remedy=sending.remedy,
    )


def import_document(at: PictureImport) -> ImportAnswer:
    """An import with all its files."""
    measured = sum(item.result is not None for item in at.items)
    waiting = sum(item.result is None and not item.problem for item in at.items)
    return ImportAnswer(
        import_id=at.import_id,
        state=at.state.value,
        files=[file_document(item) for item in at.items],
        done=at.done,
        total=measured + waiting,
        exam_id=at.exam_id,
        message=at.message,
        remedy=at.remedy,
    )


def file_document(item: ImportItem) -> FileAnswer:
    """One file of an import."""
    result = item.result
    found = None
    if result is not None and not result.problem:
        found = ResultAnswer(
            is_evaluable=result.is_evaluable,
            capillaries=result.capillaries,
            density_per_mm=result.density_per_mm,
            density_ci95_per_mm=result.density_ci95_per_mm,
        )
    return FileAnswer(
        item_id=item.item_id,
        name=item.name,
        hand=item.hand and item.hand.value,
        finger=item.finger and item.finger.value,
        sector=item.sector and item.sector.value,
        width_px=item.width_px,
        height_px=item.height_px,
        um_per_px=item.um_per_px,
        scale_source=item.scale_source and item.scale_source.value,
        taken_at=item.taken_at_utc,
        camera_name=item.camera_name,
        has_thumbnail=bool(item.thumbnail),
        problem=item.problem,
        note=item.note if result is None else result.note,
        result=found,
    )


def taken_in_document(taken: ImportedArchive) -> TakenInAnswer:
    """What became of an archive."""
    return TakenInAnswer(
        imported=list(taken.imported),
        known=list(taken.known),
        problems=list(taken.problems),
        undecided=[],
        looks_like={},
    )
