"""A widened detector answers as the one it came from, and what is new in it learns."""

import pytest

torch = pytest.importorskip("torch")

from engines.training.detector_net import CHANNELS, DetectorNet  # noqa: E402
from engines.training.widen import widen  # noqa: E402


def _pair() -> "tuple[DetectorNet, DetectorNet]":
    torch.manual_seed(3)
    narrow, wide = DetectorNet().train(), DetectorNet(CHANNELS["wide"])
    # Statistics and predictors that are not those of a new network.
    narrow(torch.randint(0, 256, (2, 64, 96, 3), dtype=torch.uint8))
    for head in narrow.heads:
        torch.nn.init.normal_(head[1].weight, std=0.1)
    widen(narrow, wide)
    return narrow, wide


@pytest.mark.parametrize("is_training", [True, False])
def test_it_answers_as_the_narrow_one(is_training: bool) -> None:
    narrow, wide = _pair()
    images = torch.randint(0, 256, (2, 64, 96, 3), dtype=torch.uint8)
    with torch.no_grad():
        was, now = narrow.train(is_training)(images), wide.train(is_training)(images)
    for name, value in was._asdict().items():
        assert torch.allclose(value, getattr(now, name), atol=1e-4), name


def test_old_channels_begin_to_listen_to_new_ones_with_the_first_step() -> None:
    _, wide = _pair()
    out = wide.train()(torch.randint(0, 256, (2, 64, 96, 3), dtype=torch.uint8))
    out.found.square().sum().backward()
    for head in wide.heads:
        weight = head[1].weight
        assert not weight[:, CHANNELS["small"].neck :].any()
        assert weight.grad[:, CHANNELS["small"].neck :].any()
