"""One deployment: its way, its log, and what ECS was told."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from deployments.models import Deployment, Screenshot

from . import comparison, told
from .access import Role, access_of, requires


@require_GET
@requires(Role.VIEWER, of=Deployment)
def page(request: HttpRequest, pk: int) -> HttpResponse:
    deployment = get_object_or_404(
        Deployment.objects.select_related("branch__repository", "branch__deployment"), pk=pk
    )
    context = {"deployment": deployment, "told": told.of_branch(deployment.branch)}
    return render(request, "deployments/page.html", context | _neighbours(deployment))


def _neighbours(deployment: Deployment) -> dict[str, Deployment | None]:
    """The branch's deployments before and after it."""
    others = Deployment.objects.filter(branch=deployment.branch_id).only("generation")
    number = deployment.generation
    return {
        "previous": others.filter(generation__lt=number).order_by("-generation").first(),
        "next": others.filter(generation__gt=number).order_by("generation").first(),
    }


@require_GET
@requires(Role.VIEWER, of=Deployment)
def definitions(request: HttpRequest, pk: int) -> HttpResponse:
    """What ECS was told of a deployment; values are for those who may deploy."""
    deployment = get_object_or_404(Deployment.objects.select_related("branch__repository"), pk=pk)
    held = access_of(request.user).inside(deployment.branch.repository_id)
    may_see_values = (held or 0) >= Role.DEPLOYER
    return render(
        request,
        "deployments/definitions.html",
        {
            "deployment": deployment,
            "previous": comparison.previous(deployment),
            "comparisons": comparison.compare(deployment, with_values=may_see_values),
            "may_see_values": may_see_values,
        },
    )


@require_GET
@requires(Role.VIEWER, of=Deployment)
@cache_control(private=True, immutable=True, max_age=31536000)
def screenshot(request: HttpRequest, pk: int) -> HttpResponse:
    """What the preview looked like when this deployment went live."""
    picture = get_object_or_404(Screenshot, deployment=pk)
    return HttpResponse(bytes(picture.image), content_type="image/png")
