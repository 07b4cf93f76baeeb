"""GitHub on a bad day: what happens to requests about a pull request, one after the other."""

from collections.abc import Sequence

from .fake import ALWAYS, Fake, Fault

#: But for those by which the App gets its token.
TELLING = r"/(issues|deployments|environments|check-runs|statuses)\b"


def trouble(fake: Fake, what: Sequence[str | int], times: int = 1) -> None:
    """“lost” is done and not answered, “down” is not done, a number is answered, “” is well."""
    fake.faults.extend(_fault(each, times) for each in what)


def weather(fake: Fake, what: str | int) -> None:
    """What happens to everything from now on; “” is well again."""
    fake.relent()
    if what:
        fake.faults.append(_fault(what, ALWAYS, ""))


def _fault(what: str | int, times: int, matching: str = TELLING) -> Fault:
    fault = Fault(matching=matching, times=times)
    if isinstance(what, int):
        fault.status = what
        fault.headers = {"Retry-After": "60"} if what == 429 else {}
    fault.is_lost, fault.is_down = what == "lost", what == "down"
    return fault
