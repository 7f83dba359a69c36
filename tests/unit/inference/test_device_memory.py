"""The pycuda adapter over a pycuda of Python: a context per thread, pinned copies, errors in words, nothing left."""

import sys
import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from appliance.domain.errors import InferenceError
from appliance.inference.device_memory import PycudaMemory


class Cuda(ModuleType):
    """pycuda.driver with one device of so many bytes; every call wants the context current in its own thread."""

    class Error(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("pycuda.driver")
        self.free_bytes = 1000
        self.buffers: dict[int, np.ndarray] = {}
        self.pinned: list[np.ndarray] = []
        self._current = threading.local()
        outer = self

        class Context:
            def push(self) -> None:
                outer.stack.append(self)

            @staticmethod
            def pop() -> None:
                outer.stack.pop()

        class Device:
            def __init__(self, ordinal: int) -> None:
                assert ordinal == 0

            def retain_primary_context(self) -> Context:
                return Context()

        class Stream:
            def __init__(self) -> None:
                outer.require_context()
                self.handle = 77
                self.work: list[Any] = []

            def synchronize(self) -> None:
                outer.require_context()
                for step in self.work:
                    step()
                self.work.clear()

        self.Context, self.Device, self.Stream = Context, Device, Stream

    @property
    def stack(self) -> list[Any]:
        if not hasattr(self._current, "stack"):
            self._current.stack = []
        stack: list[Any] = self._current.stack
        return stack

    def require_context(self) -> None:
        if not self.stack:
            raise self.Error("cuCtx: invalid device context")

    def init(self) -> None:
        pass

    def mem_alloc(self, size: int) -> "Allocation":
        self.require_context()
        if size > self.free_bytes:
            raise self.Error("cuMemAlloc failed: out of memory")
        return Allocation(self, size)

    def pagelocked_empty(self, size: int, dtype: type) -> np.ndarray:
        self.require_context()
        assert dtype is np.uint8
        return np.asarray(Pinned(self, size))  # its `base` is the allocation, as in pycuda

    def memcpy_htod_async(self, address: int, host: np.ndarray, stream: Any) -> None:
        self.require_context()
        stream.work.append(lambda: self.buffers[address].__setitem__(slice(host.size), host))

    def memcpy_dtoh_async(self, host: np.ndarray, address: int, stream: Any) -> None:
        self.require_context()
        stream.work.append(lambda: host.__setitem__(slice(None), self.buffers[address][: host.size]))


class Allocation:
    def __init__(self, cuda: Cuda, size: int) -> None:
        self._cuda, self._size = cuda, size
        self._address = 4096 * (len(cuda.buffers) + 1)
        cuda.free_bytes -= size
        cuda.buffers[self._address] = np.zeros(size, np.uint8)

    def __int__(self) -> int:
        return self._address

    def free(self) -> None:
        self._cuda.require_context()
        self._cuda.free_bytes += self._size
        del self._cuda.buffers[self._address]


class Pinned:
    def __init__(self, cuda: Cuda, size: int) -> None:
        self._cuda, self._memory = cuda, np.zeros(size, np.uint8)
        cuda.pinned.append(self._memory)
        self.__array_interface__ = self._memory.__array_interface__

    def free(self) -> None:
        self._cuda.require_context()
        self._cuda.pinned[:] = [memory for memory in self._cuda.pinned if memory is not self._memory]


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cuda]:
    driver = Cuda()
    monkeypatch.setitem(sys.modules, "pycuda", ModuleType("pycuda"))
    monkeypatch.setitem(sys.modules, "pycuda.driver", driver)
    yield driver
    assert driver.stack == [], "the context was left current"


def test_what_goes_up_comes_down_after_synchronising(cuda: Cuda) -> None:
    memory = PycudaMemory()
    with memory.activated():
        address, there, back = memory.allocate(8), memory.allocate_pinned(8), memory.allocate_pinned(8)
        there[:] = range(8)
        memory.upload(address, there)
        memory.download(back, address)
        assert back.sum() == 0
        memory.synchronise()
    np.testing.assert_array_equal(back, range(8))


def test_the_stream_is_not_the_default_one(cuda: Cuda) -> None:
    assert PycudaMemory().stream == 77


def test_another_thread_may_use_it(cuda: Cuda) -> None:
    memory = PycudaMemory()
    addresses: list[int] = []

    def work() -> None:
        with memory.activated():
            addresses.append(memory.allocate(16))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert list(cuda.buffers) == addresses


def test_closing_twice_frees_everything_once(cuda: Cuda) -> None:
    memory = PycudaMemory()
    with memory.activated():
        memory.allocate(100)
        memory.allocate_pinned(50)
        memory.close()
        memory.close()
    assert (cuda.free_bytes, cuda.buffers, cuda.pinned) == (1000, {}, [])


def test_a_full_gpu_is_told_in_words(cuda: Cuda) -> None:
    memory = PycudaMemory()
    with memory.activated(), pytest.raises(InferenceError, match=r"allocating 2000 bytes on the GPU failed: .*memory"):
        memory.allocate(2000)


def test_use_outside_the_context_is_told_in_words(cuda: Cuda) -> None:
    with pytest.raises(InferenceError, match="invalid device context") as failure:
        PycudaMemory().allocate(8)
    assert failure.value.remedy


def test_a_computer_without_pycuda_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycuda.driver", None)
    with pytest.raises(InferenceError, match="importing pycuda failed") as failure:
        PycudaMemory()
    assert '"jetson" extra' in failure.value.remedy
