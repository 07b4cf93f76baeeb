"""A parameter that is not known is an error: it may be a filter with a slip of the pen in it, and
whoever asked would act on everything instead of on little."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from ninja.errors import ValidationError
from pydantic import BaseModel


def refuse_unknown_parameters(operation: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(operation)
    def strict(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        query = kwargs.get("query")
        known = set(type(query).model_fields) if isinstance(query, BaseModel) else set()
        unknown = sorted(set(request.GET) - known)
        if unknown:
            what = f"Not known here. Known: {', '.join(sorted(known)) or 'none'}."
            raise ValidationError([{"loc": ("query", name), "msg": what} for name in unknown])
        return operation(request, *args, **kwargs)

    return strict
