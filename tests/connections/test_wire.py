"""A socket that keeps to a deadline."""

from __future__ import annotations

import socket
from time import sleep
from typing import cast

import pytest

from connections.wire import Deadline, Wire, dial


class Sluggish:
    """A socket that takes every piece just before its timeout."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def sendall(self, piece: memoryview) -> None:
        sleep(0.02)
        self.pieces.append(bytes(piece))


def test_everything_arrives_in_order() -> None:
    sock = Sluggish()
    whole = bytes(range(256)) * 200
    Wire(cast("socket.socket", sock), Deadline(5)).sendall(whole)
    assert b"".join(sock.pieces) == whole
    assert len(sock.pieces) > 1


def test_sending_piece_by_piece_does_not_begin_the_time_anew() -> None:
    sock = Sluggish()
    with pytest.raises(TimeoutError):
        Wire(cast("socket.socket", sock), Deadline(0.1)).sendall(b"x" * 16_384 * 50)
    assert len(sock.pieces) < 50


def test_a_deadline_says_what_is_left_until_nothing_is() -> None:
    assert 0 < Deadline(5).left() <= 5
    assert not Deadline(5).passed
    over = Deadline(0)
    assert over.passed
    with pytest.raises(TimeoutError):
        over.left()


def test_nobody_to_dial_is_an_error_like_any_other() -> None:
    with pytest.raises(OSError, match="no address"):
        dial([], Deadline(1))
