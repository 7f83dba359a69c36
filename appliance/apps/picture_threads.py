"""How many threads OpenCV gives one picture."""

import cv2


def one_thread_a_picture() -> None:
    """Let OpenCV work on a picture in the thread that asks, in this process from now on.

    The live pictures are small: to wake a pool 40 times a frame takes more time than the pool saves, and its
    threads stand in the way of the networks'.
    """
    cv2.setNumThreads(1)
