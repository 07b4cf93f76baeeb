"""Errors as callers see them: problem details (RFC 9457) with a hint what to do."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, RequestDataTooBig
from django.core.exceptions import ValidationError as Refused
from django.http import Http404, HttpRequest, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, AuthorizationError, HttpError, ValidationError

from dashboard import limits
from deployments.errors import PlatformError, UserError


class FieldProblem(Schema):
    where: str
    what: str


class Problem(Schema):
    """What every error looks like."""

    title: str
    status: int
    detail: str
    hint: str
    errors: list[FieldProblem] = []


def answer(
    status: int,
    detail: str,
    hint: str = "",
    *,
    errors: Iterable[FieldProblem] = (),
    headers: dict[str, str] | None = None,
) -> JsonResponse:
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        hint=hint,
        errors=list(errors),
    )
    return JsonResponse(
        problem.dict(),
        status=status,
        content_type="application/problem+json",
        headers=headers or {},
    )


class TooMany(Exception):
    """The token was used too often; it may be used again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def handle_errors(api: NinjaAPI) -> None:
    """Tell `api` how each kind of error is answered."""
    handlers: list[tuple[type[Exception], Any]] = [
        (AuthenticationError, _unauthenticated),
        (AuthorizationError, _forbidden),
        (TooMany, _too_many),
        (HttpError, _http_error),
        (ValidationError, _invalid),
        (Refused, _refused_by_a_row),
        (Http404, not_found),
        (RequestDataTooBig, _too_large),
        (UserError, _refused_by_domain),
        (PlatformError, _platform_error),
    ]
    for kind, handler in handlers:
        api.add_exception_handler(kind, handler)


def not_allowed(allowed: str) -> JsonResponse:
    return answer(
        405,
        "This address does not take this method.",
        f"It takes {allowed}.",
        headers={"Allow": allowed},
    )


def _too_many(request: HttpRequest, problem: TooMany) -> JsonResponse:
    return answer(
        429,
        "Too many requests.",
        "Wait as long as Retry-After says; limits are EDAHA_API_REQUESTS_PER_MINUTE and "
        "EDAHA_REFUSALS_PER_MINUTE.",
        headers={"Retry-After": str(problem.seconds)},
    )


def _unauthenticated(request: HttpRequest, problem: Any) -> JsonResponse:
    if seconds := limits.wait_after_refusal("api", limits.address_of(request)):
        return _too_many(request, TooMany(seconds))
    return answer(
        401,
        "The request shows no valid token.",
        "Send the header Authorization: Bearer TOKEN. `manage token create` makes one.",
        headers={"WWW-Authenticate": 'Bearer realm="edaha"'},
    )


def _forbidden(request: HttpRequest, problem: AuthorizationError) -> JsonResponse:
    return answer(403, problem.message, "Use a token with that role.")


def _http_error(request: HttpRequest, problem: HttpError) -> JsonResponse:
    hint = "Send a JSON object, or no body at all." if problem.status_code == 400 else ""
    return answer(problem.status_code, problem.message, hint)


def _invalid(request: HttpRequest, problem: ValidationError) -> JsonResponse:
    errors = [
        FieldProblem(where=_where(each["loc"]), what=str(each["msg"])) for each in problem.errors
    ]
    said = "; ".join(f"{each.where}: {each.what}" for each in errors)
    return answer(422, said, "The description is at /api/v1/openapi.json.", errors=errors)


def _refused_by_a_row(request: HttpRequest, problem: Refused) -> JsonResponse:
    """What a row does not take: each field with all that is wrong."""
    told = problem.message_dict if hasattr(problem, "error_dict") else {"": problem.messages}
    errors = [
        FieldProblem(where="body" if name in ("", NON_FIELD_ERRORS) else f"body.{name}", what=what)
        for name, said in told.items()
        for what in said
    ]
    said = "; ".join(f"{each.where}: {each.what}" for each in errors)
    return answer(422, said, "Nothing was changed.", errors=errors)


def _where(location: tuple[str | int, ...]) -> str:
    # The framework names its own parameter between "query" or "body" and what the caller sent.
    source, *names = location
    if len(names) > 1 and names[0] in ("query", "wish"):
        names = names[1:]
    return ".".join(map(str, [source, *names]))


def not_found(request: HttpRequest, problem: Http404) -> JsonResponse:
    return answer(404, "There is nothing at this address.", "Take ids from the lists.")


def _too_large(request: HttpRequest, problem: RequestDataTooBig) -> JsonResponse:
    return answer(413, "The body is too large.", "Send a JSON object, or no body at all.")


def _refused_by_domain(request: HttpRequest, problem: UserError) -> JsonResponse:
    return answer(409, problem.message, problem.hint)


def _platform_error(request: HttpRequest, problem: PlatformError) -> JsonResponse:
    return answer(503, problem.message, problem.hint, headers={"Retry-After": "30"})
