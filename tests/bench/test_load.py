from __future__ import annotations

import pytest

from bench.load import whole

COUNTED = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [COUNTED, CHUNKED])
def test_an_answer_is_whole_with_its_last_byte_and_not_before(answer: bytes) -> None:
    assert whole(answer)
    assert not any(whole(answer[:end]) for end in range(len(answer)))
