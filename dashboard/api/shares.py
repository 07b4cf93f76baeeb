"""The operations about links to protected previews."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Status

from dashboard.access import Role
from deployments import sharing
from deployments.models import Share

from .operations import ERRORS, READING, Key, api, branch_of, check_role
from .paging import page
from .schemas import PageQuery
from .settings import LinkOut, ShareOut, ShareWish
from .tokens import DEPLOYER, access, actor


@api.get(
    "/branches/{branch_id}/shares",
    auth=DEPLOYER,
    response=READING | {200: list[ShareOut]},
    summary="Links to a preview, newest first",
)
def list_shares(
    request: HttpRequest, response: HttpResponse, branch_id: Key, query: Query[PageQuery]
) -> list[Share]:
    rows = Share.objects.filter(branch=branch_of(request, branch_id, Role.DEPLOYER))
    return page(rows, query, request, response, newest_first=True)


@api.post(
    "/branches/{branch_id}/shares",
    auth=DEPLOYER,
    response=ERRORS | {201: LinkOut},
    summary="Make a link that opens a protected preview",
)
def share(request: HttpRequest, branch_id: Key, wish: ShareWish) -> Status[dict[str, str]]:
    branch = branch_of(request, branch_id, Role.DEPLOYER)
    lasts = sharing.LASTS[wish.lasts]
    link = sharing.share(branch, lasts, note=wish.note, actor=actor(request))
    return Status(201, {"url": link})


@api.delete(
    "/shares/{share_id}",
    auth=DEPLOYER,
    response=ERRORS | {204: None},
    summary="Revoke a link",
    description="Whoever came by it is out. Nothing happens where it had ended before.",
)
def unshare(request: HttpRequest, share_id: Key) -> Status[None]:
    rows = access(request).visible(Share.objects.select_related("branch__repository"))
    link = get_object_or_404(rows, pk=share_id)
    check_role(request, link.branch.repository_id, Role.DEPLOYER)
    sharing.unshare(link, actor=actor(request))
    return Status(204, None)
