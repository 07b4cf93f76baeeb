"""What a page's address asks for, however it was typed."""

from django.http import HttpRequest


def number(request: HttpRequest, name: str, default: int, *, low: int = 0, high: int = 0) -> int:
    """A whole number between `low` and `high`; `default` where there is none."""
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        return default
    return max(low, min(int(text), high or int(text)))


def words(request: HttpRequest, name: str = "q") -> str:
    """What to search for."""
    return request.GET.get(name, "").strip()[:200]
