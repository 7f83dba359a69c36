"""Advice that several pages ask for at once."""

import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from appliance.apps.archive import pattern_advice
from appliance.apps.archive.pattern_advice import PatternAdvisor
from appliance.domain.exam import ImageKind
from tests.support.interleaving import Race, in_every_order


def reviewed(exam_id: str) -> Any:
    """As much of a reviewed exam as the advisor reads."""
    image = SimpleNamespace(image_id=f"{exam_id}-1", kind=ImageKind.STILL, file_name="1.png")
    one = SimpleNamespace(image=image, counts=True, analysis={}, recorded=SimpleNamespace(text=""))
    return SimpleNamespace(exam=SimpleNamespace(exam_id=exam_id), images=(one,))


@dataclass
class Classifier:
    """Counts how often it is asked, and waits for `may_go` each time."""

    may_go: threading.Event
    asked: list[object] = field(default_factory=list)

    def advise(self, images: object) -> Any:
        self.asked.append(images)
        self.may_go.wait()
        return f"advice {len(self.asked)}"


def advisor(classifier: Classifier, monkeypatch: Any) -> PatternAdvisor:
    monkeypatch.setattr(pattern_advice, "decode_picture", lambda content, name: content)
    store = SimpleNamespace(read_png=lambda exam_id, image_id: image_id)
    return PatternAdvisor(store, classifier)  # type: ignore[arg-type]


def test_advice_on_one_exam_is_computed_once_for_all_who_ask(monkeypatch: Any) -> None:
    def race() -> Race:
        classifier = Classifier(threading.Event())
        classifier.may_go.set()
        advise = advisor(classifier, monkeypatch)
        answers: list[object] = []

        def check() -> None:
            assert len(classifier.asked) == 1
            assert answers == ["advice 1", "advice 1"]

        return Race([lambda: answers.append(advise(reviewed("a")))] * 2, check)

    assert in_every_order(race, pattern_advice) > 20


def test_known_advice_does_not_wait_for_that_on_another_exam(monkeypatch: Any) -> None:
    def race() -> Race:
        classifier = Classifier(threading.Event())
        classifier.may_go.set()
        advise = advisor(classifier, monkeypatch)
        advise(reviewed("known"))
        classifier.may_go.clear()

        def ask_for_the_known() -> None:
            assert advise(reviewed("known")) == "advice 1"
            classifier.may_go.set()

        return Race([lambda: advise(reviewed("new")), ask_for_the_known])

    assert in_every_order(race, pattern_advice) > 20
