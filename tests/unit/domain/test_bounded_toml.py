"""Settings, forms and profiles that would keep their reader busy."""

import pytest

from appliance.domain.bounded_toml import MOST_PARTS, TOMLDecodeError, bounded_toml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ("a = " + "{a=" * 50_000 + "1" + "}" * 50_000, "nested too deeply"),
        (".".join(["a"] * 50_000) + " = 1", "more than 200 parts"),
        ("[" + ".".join(["a"] * 50_000) + "]", "more than 200 parts"),
        ("a = {b = 1, " + ".".join(["a"] * 50_000) + " = 1}", "more than 200 parts"),
        ("a = " + "9" * 200_000, "4300 digits"),
        ("a = [" + "1," * 600_000 + "]", "more than 1000000 characters"),
    ],
    ids=["lists", "tables", "key", "header", "inner key", "digits", "size"],
)
def test_a_text_that_would_keep_its_reader_busy_is_refused_at_once(text: str, said: str) -> None:
    with pytest.raises(TOMLDecodeError, match=said):
        bounded_toml(text)


def test_what_people_write_is_read() -> None:
    deep = ".".join(f"k{number}" for number in range(MOST_PARTS))
    assert bounded_toml(f'{deep} = 1\n[text]\nlong = "One. Two. Three."\n')["text"] == {"long": "One. Two. Three."}
