"""What may stand for a patient."""

import pytest

from appliance.domain.errors import ExamError
from appliance.domain.pseudonym import require_pseudonym


@pytest.mark.parametrize(
    "text", ["NC-0042", "a", "Ä7", "study 12 visit 3", "x" * 64, "1234567", "P-10-11", "Smith", "A B C"]
)
def test_pseudonyms_pass(text: str) -> None:
    assert require_pseudonym(f"  {text} ") == text


@pytest.mark.parametrize("text", ["", "   ", "x" * 65, "NC\n42", "NC\u202e42"])
def test_empty_long_or_unprintable_is_refused(text: str) -> None:
    with pytest.raises(ExamError, match="the pseudonym was refused") as refusal:
        require_pseudonym(text)
    assert refusal.value.remedy


@pytest.mark.parametrize(
    "text", ["Maria Keller", "Keller, Maria", "O'Neill Jean-Luc", "MARIA KELLER", "Li Wu", "Anne-Marie O'Hara"]
)
def test_full_name_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ExamError, match="person's name") as refusal:
        require_pseudonym(text)
    assert text not in str(refusal.value)


@pytest.mark.parametrize("text", ["MK 12.03.1970", "1970-03-12", "MK12/3/70", "19700312", "K_1970 3 12"])
def test_birth_date_is_refused(text: str) -> None:
    with pytest.raises(ExamError, match="date"):
        require_pseudonym(text)


@pytest.mark.parametrize(
    "typed",
    [
        "NC\u20110042",
        "NC\u20130042",
        "NC\u22120042",
        "\uff2e\uff23\uff0d\uff10\uff10\uff14\uff12",
        "\u00a0NC-0042\u2003",
    ],
)
def test_what_looks_the_same_is_the_same_patient(typed: str) -> None:
    assert require_pseudonym(typed) == "NC-0042"


def test_spaces_that_nobody_sees_make_no_other_patient() -> None:
    assert require_pseudonym("study 12  visit\u00a03") == "study 12 visit 3"
