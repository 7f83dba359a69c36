"""What lists can be asked. In bodies, never in addresses: what is typed may be a patient's name."""

from datetime import date, datetime, time, timedelta, timezone
from typing import TypeVar
from uuid import UUID

from pydantic import Field, ValidationError
from werkzeug.exceptions import NotFound

from appliance.domain.exam import ExamState, Finger, Hand
from appliance.domain.exam_search import ExamQuery
from appliance.ports import PatientStore
from webui.api.openapi import Body

PAGE_SIZE = 50
_FIRST, _LAST = date(1970, 1, 1), date(2199, 12, 31)


class PageBody(Body):
    """Which part of a list."""

    text: str = Field("", max_length=200, description="Words that must all be found in pseudonym or identity")
    page: int = Field(0, ge=0, le=1_000_000, description="0 is the first")
    page_size: int = Field(PAGE_SIZE, ge=1, le=200)

    @property
    def offset(self) -> int:
        return self.page * self.page_size


class ExamSearchBody(PageBody):
    """Conditions that an exam must meet all of; what is null or left out is no condition."""

    patient_id: UUID | None = None
    from_date: date | None = Field(None, ge=_FIRST, le=_LAST, description="Started on that day or later")
    to_date: date | None = Field(None, ge=_FIRST, le=_LAST, description="Started on that day or earlier")
    hand: Hand | None = Field(None, description="Has a picture of it")
    finger: Finger | None = Field(None, description="Has a picture of it")
    folder_id: UUID | None = Field(None, description="Filed there or below")
    is_filed: bool | None = None
    state: ExamState | None = Field(None, description="null: any but discarded")
    is_validated: bool | None = None
    is_archived: bool | None = False

    def query(self, patients: PatientStore) -> ExamQuery:
        """The search; days are those of the station's clock. Raises NotKeptError for an unknown patient."""
        return ExamQuery(
            text=self.text,
            pseudonym=None if self.patient_id is None else patients.patient(str(self.patient_id)).pseudonym,
            from_utc=None if self.from_date is None else _start_of(self.from_date),
            before_utc=None if self.to_date is None else _start_of(self.to_date + timedelta(days=1)),
            hand=self.hand,
            finger=self.finger,
            folder_id=None if self.folder_id is None else str(self.folder_id),
            is_filed=self.is_filed,
            state=self.state,
            is_validated=self.is_validated,
            is_archived=self.is_archived,
            hides_discarded=True,
        )


Asked = TypeVar("Asked", bound=PageBody)


def asked_of(model: type[Asked], sent: object) -> Asked:
    """What a page's own script or address asked for; answered with 404 where it does not fit."""
    try:
        return model.model_validate(sent)
    except ValidationError:
        raise NotFound from None


def _start_of(day: date) -> datetime:
    # By its seconds: where clocks go forward at midnight, `astimezone` of 00:00, which there is not, is 23:00 before.
    return datetime.fromtimestamp(datetime.combine(day, time()).timestamp(), timezone.utc)
