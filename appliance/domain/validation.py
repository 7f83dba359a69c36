"""What a physician's validation covers, and who may change it before and after: one table.

Whatever a report prints of an exam is in it. A change to any of it, once validated, takes the validation back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from appliance.domain.account import Role


class ValidatedPart(Enum):
    """One thing that a validation covers."""

    FINDINGS = "findings"
    EXCLUSIONS = "exclusions"
    COMMENTS = "comments"
    CONCLUSION = "conclusion"
    PATTERN = "pattern"
    RATING = "rating"
    FACTS = "facts"


@dataclass(frozen=True)
class ChangePermission:
    """The least role that may change something.

    Attributes:
        before: of an exam that is not validated.
        after: of one that is; the change takes the validation back.
    """

    before: Role
    after: Role

    def role(self, is_validated: bool) -> Role:
        """The least role in that state."""
        return self.after if is_validated else self.before


VALIDATED: Mapping[ValidatedPart, ChangePermission] = MappingProxyType(
    {
        ValidatedPart.FINDINGS: ChangePermission(Role.PHYSICIAN, Role.PHYSICIAN),
        ValidatedPart.EXCLUSIONS: ChangePermission(Role.PHYSICIAN, Role.PHYSICIAN),
        ValidatedPart.COMMENTS: ChangePermission(Role.PHYSICIAN, Role.PHYSICIAN),
        ValidatedPart.CONCLUSION: ChangePermission(Role.PHYSICIAN, Role.PHYSICIAN),
        ValidatedPart.PATTERN: ChangePermission(Role.PHYSICIAN, Role.PHYSICIAN),
        # The physician's own rating of the array; it enters the MES.
        ValidatedPart.RATING: ChangePermission(Role.PHYSICIAN, Role.PHYSICIAN),
        # Preparation, medication, remarks: the examiner states them until a physician has validated the exam.
        ValidatedPart.FACTS: ChangePermission(Role.OPERATOR, Role.PHYSICIAN),
    }
)
"""Pictures, skipped places, protocol and patient of a finished exam have no verb that changes them."""
