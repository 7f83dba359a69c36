"""The table at the device's confidence, and the shapes taken for one another, on cases worked by hand."""

from engines.datasets.labels import Standing
from engines.evaluation.coco.bootstrap import Bootstrap
from engines.evaluation.coco.counting import confuse, count_table
from tests.support.labelled import label, loop, outcome

LEFT, RIGHT, FAR = (0.0, 0.0, 20.0, 40.0), (50.0, 0.0, 20.0, 40.0), (300.0, 300.0, 20.0, 40.0)
NONE = Bootstrap(1, 0, 1)


def test_precision_and_recall_of_a_worked_picture() -> None:
    # Two of three loops found, one finding on nothing, one below the confidence.
    labels = [label(LEFT), label(RIGHT, "giant"), label((100.0, 0.0, 20.0, 40.0))]
    found = [loop(LEFT, 0.9), loop(RIGHT, 0.5, "giant"), loop(FAR, 0.6), loop((100.0, 0.0, 20.0, 40.0), 0.39)]
    table = count_table([outcome(labels, found)], NONE, True)
    row = table["capillary"]
    assert (row.labels, row.hits, row.without_label) == (3, 2, 1)
    assert row.precision is not None
    assert row.precision.value == 2 / 3
    assert row.recall.value == 2 / 3
    assert table["giant"].recall.value == 1.0
    assert table["tortuous"].recall.value is None


def test_half_a_pixel_lies_between_file_and_device() -> None:
    # A loop 3 px wide: taken without the half pixel, IoU would be 0.71 * 0.71 = 0.5 at best.
    one = outcome([label((10.0, 10.0, 3.0, 3.0))], [loop((10.0, 10.0, 3.0, 3.0), 0.9)])
    target = one.targets[0]
    assert target.box == (10.0, 10.0, 3.0, 3.0)
    assert target.label.bbox == (10.5, 10.5, 3.0, 3.0)


def test_an_overlap_below_a_half_is_a_miss_and_a_finding_without_label() -> None:
    row = count_table([outcome([label(LEFT)], [loop((0.0, 14.0, 20.0, 40.0), 0.9)])], NONE, True)["capillary"]
    assert (row.hits, row.without_label) == (0, 1)


def test_ignored_labels_and_crowds_change_nothing() -> None:
    crowd = label((280.0, 280.0, 200.0, 100.0), standing=Standing.CROWD)
    ignored = label(RIGHT, standing=Standing.IGNORED)
    found = [loop(LEFT, 0.9), loop(RIGHT, 0.8), loop(FAR, 0.9), loop((340.0, 300.0, 20.0, 40.0), 0.9)]
    row = count_table([outcome([label(LEFT), ignored, crowd], found)], NONE, True)["capillary"]
    assert (row.labels, row.hits, row.without_label) == (1, 1, 0)


def test_no_shape_is_wrong_on_an_ignored_label_or_one_of_unknown_shape() -> None:
    labels = [label(LEFT, "giant", standing=Standing.IGNORED), label(RIGHT, "capillary"), label(FAR)]
    table = count_table([outcome(labels, [loop(LEFT, 0.9), loop(RIGHT, 0.9), loop(FAR, 0.9)])], NONE, True)
    assert (table["normal"].labels, table["normal"].hits, table["normal"].without_label) == (1, 1, 0)
    assert table["giant"].labels == 0


def test_without_exhaustive_labels_there_is_no_precision() -> None:
    row = count_table([outcome([label(LEFT)], [loop(LEFT, 0.9), loop(FAR, 0.9)])], NONE, False)["capillary"]
    assert row.precision is None
    assert row.recall.value == 1.0
    assert row.found_per_label.value == 2.0


def test_haemorrhages_are_a_row_of_their_own() -> None:
    one = outcome(
        [label(LEFT, "haemorrhage"), label(FAR, "haemorrhage")], [loop(RIGHT, 0.9)], [(LEFT, 0.8), (FAR, 0.2)]
    )
    table = count_table([one], NONE, True)
    assert (table["haemorrhage"].hits, table["haemorrhage"].labels) == (1, 2)
    assert (table["capillary"].labels, table["capillary"].without_label) == (0, 1)


def test_confusion_has_the_label_in_rows() -> None:
    labels = [label(LEFT, "tortuous"), label(RIGHT, "giant"), label((100.0, 0.0, 20.0, 40.0), "capillary")]
    found = [loop(LEFT, 0.9, "normal"), loop((100.0, 0.0, 20.0, 40.0), 0.9), loop(FAR, 0.9, "giant")]
    confusion = confuse([outcome(labels, found)])
    assert confusion.names == ("normal", "tortuous", "ramified", "giant")
    expected = {(1, 0): 1, (3, 4): 1, (4, 3): 1}
    assert {at: int(confusion.counts[at]) for at in zip(*confusion.counts.nonzero(), strict=True)} == expected
