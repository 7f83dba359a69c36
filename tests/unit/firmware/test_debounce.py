"""What a contact's edges become: one press, dated by its first edge, and nothing of what nobody pressed."""

import pytest

from firmware.debounce import ContactChange, Debouncer
from firmware.protocol import Action

BOUNCE_S = 0.02


def looked(contact: Debouncer, *moments: tuple[bool, float]) -> list[ContactChange]:
    return [change for is_closed, now_s in moments for change in contact.look(is_closed, now_s)]


def test_a_press_that_bounces_is_one_press_at_its_first_edge() -> None:
    contact = Debouncer(BOUNCE_S)
    for is_closed, at_s in ((True, 1.000), (False, 1.002), (True, 1.003), (False, 1.008), (True, 1.009)):
        contact.edge(is_closed, at_s)
        assert looked(contact, (is_closed, at_s + 0.001)) == []
    assert looked(contact, (True, 1.028)) == [], "it has not rested long enough"
    assert looked(contact, (True, 1.030)) == [ContactChange(Action.PRESSED, 1.000)]
    assert looked(contact, (True, 1.5)) == []


def test_a_pulse_on_the_cable_is_no_press() -> None:
    contact = Debouncer(BOUNCE_S)
    contact.edge(True, 1.000)
    contact.edge(False, 1.004)
    assert looked(contact, (False, 1.05), (False, 1.5)) == []
    assert not contact.is_pressed


def test_letting_go_is_told_by_its_first_edge_too() -> None:
    contact = Debouncer(BOUNCE_S)
    contact.edge(True, 1.0)
    looked(contact, (True, 1.1))
    contact.edge(False, 2.0)
    contact.edge(True, 2.014)
    contact.edge(False, 2.015)
    assert looked(contact, (False, 2.034), (False, 2.036)) == [ContactChange(Action.RELEASED, 2.0)]


def test_edges_that_the_kernel_lost_show_in_the_level() -> None:
    contact = Debouncer(BOUNCE_S)
    assert looked(contact, (True, 5.0), (True, 5.03)) == [ContactChange(Action.PRESSED, 5.0)]


@pytest.mark.parametrize("hold_s", [3.0, None])
def test_holding_is_told_once_where_it_means_something(hold_s: float | None) -> None:
    contact = Debouncer(BOUNCE_S, hold_s)
    contact.edge(True, 1.0)
    told = looked(contact, (True, 1.1), (True, 3.9), (True, 4.05), (True, 5.0))
    assert told == [ContactChange(Action.PRESSED, 1.0), *([ContactChange(Action.HELD, 4.0)] if hold_s else [])]


def test_letting_go_before_the_time_confirms_nothing_and_the_next_press_starts_anew() -> None:
    contact = Debouncer(BOUNCE_S, 3.0)
    contact.edge(True, 1.0)
    looked(contact, (True, 1.1))
    contact.edge(False, 3.5)
    assert looked(contact, (False, 3.6), (False, 4.5)) == [ContactChange(Action.RELEASED, 3.5)]
    contact.edge(True, 5.0)
    assert looked(contact, (True, 5.1), (True, 7.9)) == [ContactChange(Action.PRESSED, 5.0)]
    assert looked(contact, (True, 8.0)) == [ContactChange(Action.HELD, 8.0)]


def test_a_contact_that_opens_just_before_the_time_is_up_is_not_held() -> None:
    contact = Debouncer(BOUNCE_S, 3.0)
    contact.edge(True, 1.0)
    looked(contact, (True, 1.1))
    contact.edge(False, 3.99)
    assert looked(contact, (False, 4.001), (False, 4.02)) == [ContactChange(Action.RELEASED, 3.99)]


def test_an_edge_from_before_the_press_does_not_date_it() -> None:
    """Chips that are asked for their levels tell of an opening as they are first watched."""
    contact = Debouncer(BOUNCE_S)
    contact.edge(False, 0.985)
    contact.edge(True, 1.000)
    assert looked(contact, (True, 1.03)) == [ContactChange(Action.PRESSED, 1.000)]


def test_an_edge_that_comes_after_its_level_does_not_date_what_follows() -> None:
    contact = Debouncer(BOUNCE_S)
    assert looked(contact, (True, 1.0), (True, 1.021)) == [ContactChange(Action.PRESSED, 1.0)]
    contact.edge(True, 1.022)
    contact.edge(False, 1.030)
    assert looked(contact, (False, 1.051)) == [ContactChange(Action.RELEASED, 1.030)]


def test_a_change_whose_edge_was_lost_is_dated_by_the_last_that_came() -> None:
    contact = Debouncer(BOUNCE_S)
    contact.edge(False, 1.0)
    contact.edge(False, 1.01)
    assert looked(contact, (True, 1.04)) == [ContactChange(Action.PRESSED, 1.01)]
