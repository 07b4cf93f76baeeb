"""What travels compressed, and what must not."""

from django.test import Client


def test_pages_are_compressed_for_those_who_can_read_it(deployer: Client) -> None:
    plain = deployer.get("/")
    small = deployer.get("/", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain
    assert small["Content-Encoding"] == "gzip"
    assert len(small.content) < len(plain.content) / 2


def test_events_are_not_held_back_by_a_compressor(deployer: Client) -> None:
    answer = deployer.get("/branches/stream", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Type"] == "text/event-stream"
    assert "Content-Encoding" not in answer
