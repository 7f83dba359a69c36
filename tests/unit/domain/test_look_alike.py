"""Pseudonyms that an eye takes for one another are asked about; those that it tells apart are not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.errors import ExamError
from appliance.domain.look_alike import LookAlikeError, looks_as, require_no_look_alike
from appliance.domain.patient import Patient, PatientEntry
from appliance.domain.pseudonym import require_pseudonym
from tests.support.exam_parts import NOON

ALIKE = [
    (
        "NC-001",
        "NC-0O1",
        "NC-OO1",
        "nc-oo1",
        "NC\u2010001",
        "NC 001",
        "NC_001",
        "NC001",
        " NC-001 ",
        "NC-\uff10\uff10\uff11",
    ),
    ("P-11", "P-l1", "P-I1", "P-lI", "p-1i", "\u0420-11", "\u03a1-11", "P-\u0406\u04cf"),
    ("ABEHKMOPCTX-7", "\u0410\u0412\u0415\u041d\u041a\u041c\u041e\u0420\u0421\u0422\u0425-7"),
    ("ABEHIKMNOPTX-7", "\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a7-7"),
    ("\u00c9va1", "E\u0301va1", "Eva1", "EVA1"),
    ("NC-7", "NC-\u0667", "NC-7\u034f", "NC-7\u3164", "N\ufe0fC-7"),
    ("Bern-1", "Bem-1"),
]
APART = [("NC-1", "NC-2"), ("NC-11", "NC-1"), ("S1-11", "S11-1"), ("NC-0042", "NC-0024"), ("A-1", "B-1"), ("P5", "PS")]


@pytest.mark.parametrize("names", ALIKE, ids=lambda names: names[0])
def test_what_looks_the_same_is_the_same(names: tuple[str, ...]) -> None:
    assert {looks_as(name) for name in names} == {looks_as(names[0])}


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_is_told_apart_stays_apart(one: str, other: str) -> None:
    assert looks_as(one) != looks_as(other)


@given(st.text(max_size=64))
def test_what_is_kept_of_a_pseudonym_looks_as_it_was_typed(text: str) -> None:
    """Otherwise a pseudonym that is typed as it is shown would be asked about, or none would."""
    try:
        kept = require_pseudonym(text)
    except ExamError:
        return
    assert looks_as(kept) == looks_as(text)
    assert looks_as(unicodedata.normalize("NFD", kept)) == looks_as(kept)


def test_a_look_alike_is_refused_unless_it_is_called_another_and_never_named_in_the_refusal() -> None:
    known = PatientEntry(Patient("1", "NC-0O1", NOON), 0, None)
    with pytest.raises(LookAlikeError) as refused:
        require_no_look_alike([known], is_another=False)
    assert refused.value.pseudonyms == ("NC-0O1",)
    assert "NC-0O1" not in str(refused.value), "messages of errors reach the log"
    require_no_look_alike([known], is_another=True)
    require_no_look_alike([], is_another=False)
