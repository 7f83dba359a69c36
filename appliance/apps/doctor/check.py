"""One answer of `nailfold doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """What was checked, whether it is there, and what to do if not.

    Attributes:
        subject: "camera", "disk", ...
        is_found: there and usable.
        is_required: the settings in force cannot work without it.
        seen: what was seen, in a few words with the values.
        remedy: what the operator can do; empty when found.
    """

    subject: str
    is_found: bool
    is_required: bool
    seen: str
    remedy: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether this alone makes the box unfit for its settings."""
        return self.is_required and not self.is_found
