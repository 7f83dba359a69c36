"""The geometry of the console's plots and map."""

from datetime import datetime, timezone

import pytest

from webui.console.plots import HEIGHT, WIDTH, histograms, over_time
from webui.console.roles import ConsoleRole
from webui.console.site_map import WIDTH as MAP_WIDTH
from webui.console.site_map import NamePlace, draw_map
from webui.console.views import ModelView, SiteView


def view(reference: tuple[int, ...], current: tuple[int, ...], *, is_share: bool = False) -> ModelView:
    return ModelView("apical_um", is_share, 2.0, reference, current, (100, 50), (100, 50), 0.3, 0.2, is_raised=True)


def test_histograms_share_one_axis_and_leave_out_what_is_empty_on_both_sides() -> None:
    drawn = histograms(view((0, 10, 10, 0, 0), (0, 0, 0, 5, 0)))
    assert drawn is not None
    third = WIDTH / 3
    # Half of the reference is in each of two bins; all of the other is in one, and that is the full height.
    middle = HEIGHT / 2
    assert drawn.reference == (
        f"M0 {HEIGHT}L0.0 {middle:.1f}H{third:.1f}L{third:.1f} {middle:.1f}H{2 * third:.1f}"
        f"L{2 * third:.1f} {HEIGHT:.1f}H{WIDTH:.1f}V{HEIGHT}Z"
    )
    assert drawn.current.endswith(f"L{2 * third:.1f} 0.0H{WIDTH:.1f}V{HEIGHT}Z")
    assert drawn.medians == (3.0, 7.0)
    assert [(tick.label, round(tick.at)) for tick in drawn.ticks] == [("2", 0), ("4", 107), ("6", 213), ("8", 320)]


def test_share_has_a_number_in_the_place_of_a_picture() -> None:
    one = view((75, 25), (0, 0), is_share=True)
    assert histograms(one) is None
    assert one.shares == (0.25, None)


def test_points_over_time_begin_at_zero_and_say_what_they_are() -> None:
    days = [datetime(2026, 11, day, tzinfo=timezone.utc) for day in (1, 2, 5)]
    drawn = over_time(list(zip(days, (8.0, None, 4.0), ("box-1", "box-1", "box-2"), strict=True)))
    assert drawn is not None
    assert drawn.points == ((0.0, 0.0, "box-1 2026-11-01: 8.0"), (320.0, 60.0, "box-2 2026-11-05: 4.0"))
    assert (drawn.median, drawn.middle) == (6.0, 30.0)
    assert [tick.label for tick in drawn.values] == ["0", "2", "4", "6", "8"]
    assert over_time([(days[0], 8.0, "box-1")]) is None


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0.004, ["0", "0.001", "0.002", "0.003", "0.004"]),
        (26.9, ["0", "10", "20", "30"]),
        (312.0, ["0", "100", "200", "300", "400"]),
    ],
)
def test_axis_ends_at_the_round_number_above_the_highest(highest: float, labels: list[str]) -> None:
    day = datetime(2026, 11, 1, tzinfo=timezone.utc)
    drawn = over_time([(day, highest, "a"), (day, 0.0, "b")])
    assert drawn is not None
    assert [tick.label for tick in drawn.values] == labels
    assert drawn.values[-1].at == 0


def site(name: str, place: tuple[float, float] | None, needing: int = 0) -> SiteView:
    return SiteView(name, name, place, 4, 4, needing)


def test_map_has_north_above_east_right_and_who_needs_a_person_on_top() -> None:
    drawn = draw_map([site("turin", (45.0, 7.7), needing=1), site("oslo", (59.9, 10.7)), site("nobody-knows", None)])
    assert drawn is not None
    turin, oslo = drawn.sites[1], drawn.sites[0]
    assert (oslo.site.site, turin.site.site) == ("oslo", "turin")
    assert oslo.y < turin.y
    assert oslo.x > turin.x
    assert all(0 < one.x < MAP_WIDTH and 0 < one.y < drawn.height for one in drawn.sites)
    assert draw_map([site("turin", (45.0, 7.7))]) is None


def test_two_sites_in_one_town_still_have_a_map() -> None:
    drawn = draw_map([site("a", (45.0, 7.7)), site("b", (45.0, 7.7))])
    assert drawn is not None
    assert drawn.sites[0].x == drawn.sites[1].x == MAP_WIDTH / 2


def test_a_name_is_written_where_it_covers_no_other_site_and_stays_on_the_map() -> None:
    needing = site("rheumatology", (45.0, 7.0), needing=1)
    west, east, far_west, far_east = (site(f"{x}", (45.0, x)) for x in (6.5, 7.5, 0.0, 14.0))

    def label(*others: SiteView) -> NamePlace:
        drawn = draw_map([needing, far_west, far_east, *others])
        assert drawn is not None
        [one] = [one.label for one in drawn.sites if one.label is not None]
        return one

    assert label().anchor == "start"
    assert label(east).anchor == "end"
    assert label(east, west).anchor == "middle"
    # At the right edge there is no place to the right.
    drawn = draw_map([site("internal medicine", (45.0, 8.0), needing=1), far_west])
    assert drawn is not None
    assert drawn.sites[-1].label is not None
    assert drawn.sites[-1].label.anchor == "end"


def test_names_of_neighbours_stand_clear_of_one_another() -> None:
    near = [site("a", (48.3, 14.3), 1), site("b", (47.1, 15.4), 1), site("c", (47.6, 14.9), 1), site("d", (60.0, -9.0))]
    drawn = draw_map(near)
    assert drawn is not None
    labels = [one.label for one in drawn.sites if one.label is not None]
    assert len(labels) == 3
    assert len({(label.anchor, round(label.y / 18)) for label in labels}) == 3


def test_roles_are_kept_by_their_rank() -> None:
    assert [one.kept_as.value for one in ConsoleRole] == ["operator", "physician", "administrator"]
