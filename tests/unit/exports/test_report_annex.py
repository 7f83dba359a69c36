"""The report's annex names the rules that an exam was counted by."""

from dataclasses import replace

import pytest

from appliance.exports.report.localisation import LANGUAGES, Localisation
from appliance.exports.report.trace import rules_of
from tests.support.reviewed_exams import exam_of


@pytest.mark.parametrize("language", LANGUAGES)
def test_thumbs_that_count_are_named_and_others_need_no_word(language: str) -> None:
    words, exam = Localisation(language), exam_of().exam
    (ramified,) = rules_of(words, exam)
    with_thumbs = rules_of(words, replace(exam, counts_thumbs=True))
    assert [one.value for one in with_thumbs] == [
        ramified.value,
        words("examined thumbs count in the figures of the exam"),
    ]
    assert rules_of(words, replace(exam, counts_ramified_giants=False))[0].value != ramified.value
