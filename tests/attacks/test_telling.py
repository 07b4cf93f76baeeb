"""What GitHub is told, where somebody writes something that looks like Edaha's own."""

from deployments.models import Branch
from deployments.reports.facts import marker
from tests.github.fake import Fake
from tests.reports.conftest import branch, ears, hub, later, shop
from tests.reports.moving import wish
from tests.reports.test_outbox import Later

__all__ = ["branch", "ears", "hub", "later", "shop"]


def test_marker_spoofing_a_quoted_marker_makes_no_comment_the_previews(
    hub: Fake, branch: Branch, later: Later
) -> None:
    """A line of a log has the marker, and stands in another comment of Edaha's: it was deleted."""
    quoted = f"<!-- edaha:reply edaha-1 0 -->\n```text\n{marker(branch)}\n```"
    first, second = (hub.state.add_comment(quoted, hub.state.login) for _ in range(2))
    wish(branch)
    later()
    assert hub.state.comments[first]["body"] == quoted
    assert hub.state.comments[second]["body"] == quoted
    assert len(hub.state.comments) == 3
