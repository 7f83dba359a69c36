"""Which exam or picture an address names."""

from uuid import UUID

from pydantic import BaseModel, Field


class ExamPath(BaseModel):
    """Which exam."""

    exam_id: UUID = Field(description="UUID of the exam")


class ImagePath(ExamPath):
    """Which image of it."""

    image_id: UUID = Field(description="UUID of the image")

    @property
    def names(self) -> tuple[str, str]:
        """Exam and image as the store names them."""
        return str(self.exam_id), str(self.image_id)
