"""The QR code is read back by a decoder that knows nothing of how it was drawn."""

import pytest
import zxingcpp

from deployments.reports import qr

#: Pixels of a module, a character being as wide as it is half as high.
_SIZE = 4
_UPPER, _LOWER = "▀█", "▄█"


@pytest.mark.parametrize(
    "address",
    [
        "https://feature-x.preview.example.com",
        "http://a.localhost:8080",
        f"https://{'long-' * 12}.{'previews.' * 5}example.com",
    ],
)
@pytest.mark.parametrize("is_dark_theme", [False, True])
def test_it_leads_to_the_preview(address: str, is_dark_theme: bool) -> None:
    drawn = qr.drawn(address)
    rows = [
        [character in half for character in line]
        for line in drawn.splitlines()
        for half in (_UPPER, _LOWER)
    ]
    ink, paper = (255, 0) if is_dark_theme else (0, 255)
    pixels = bytes(
        ink if module else paper
        for row in rows
        for _ in range(_SIZE)
        for module in row
        for _ in range(_SIZE)
    )
    height, width = len(rows) * _SIZE, len(rows[0]) * _SIZE
    picture = memoryview(pixels).cast("B", (height, width))
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [address]
