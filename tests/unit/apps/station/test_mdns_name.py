"""The name that avahi gave this computer, asked for now and then."""

import threading
from pathlib import Path

import pytest

from appliance.apps.station import host_names as module
from appliance.apps.station.host_names import host_names
from appliance.apps.station.mdns_name import MdnsName, name_of_avahi
from webui.auth.host_names import HostNames


def test_a_second_box_is_opened_by_the_name_that_the_network_gave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_mdns_name", MdnsName(lambda: "nailfold-2.local"))
    names = HostNames(host_names)
    assert names.knows("nailfold-2.local:8080")
    assert not names.knows("nailfold-3.local:8080")


def test_it_is_asked_for_again_after_a_while() -> None:
    answers, now_s = iter(("nailfold.local", "nailfold-2.local", "")), [100.0]
    name = MdnsName(lambda: next(answers), lambda: now_s[0])
    assert (name(), name()) == ("nailfold.local", "nailfold.local")
    now_s[0] += 31
    assert name() == "nailfold-2.local"
    now_s[0] += 31
    assert name() == ""


def test_nobody_waits_while_another_asks() -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def slow() -> str:
        is_asked.set()
        assert may_answer.wait(20)
        return "nailfold.local"

    name = MdnsName(slow)
    asking = threading.Thread(target=name)
    asking.start()
    assert is_asked.wait(20)
    assert name() == ""
    may_answer.set()
    asking.join()
    assert name() == "nailfold.local"


@pytest.mark.parametrize("answer", ['{"type":"s","data":["Nailfold-2.local"]}', "no such service", "{}", None])
def test_what_busctl_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    if answer is not None:
        program = tmp_path / "busctl"
        program.write_text(f"#!/bin/sh\ncat <<'end'\n{answer}\nend\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin" if answer is not None else str(tmp_path))
    assert name_of_avahi() == ("nailfold-2.local" if answer and "Nailfold" in answer else "")
