"""The picture of a preview that has just gone live; a deployment needs none, and waits for none."""

from ..adapters import screenshot, wakeups
from ..models import Deployment, Screenshot


def take(deployment_id: int) -> None:
    """Take it if the deployment is still what is live; the branch's earlier ones go.

    None of a stranger's: its scripts would run in a browser within the workers' network.
    """
    row = Deployment.objects.select_related("branch").filter(pk=deployment_id).first()
    if row is None or row.branch.live_id != row.pk or not row.is_trusted:
        return
    picture = screenshot.take(row.branch.slug)
    if picture is None:
        return
    Screenshot.objects.update_or_create(
        deployment=row,
        defaults={"image": picture.png, "width": picture.width, "height": picture.height},
    )
    Screenshot.objects.filter(deployment__branch=row.branch).exclude(deployment=row).delete()
    wakeups.notify(branch=row.branch_id)
