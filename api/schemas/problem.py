"""The published shape of a refusal (RFC 9457)."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.base import AnswerModel


def _nothing(value: object) -> bool:
    """Tell whether a member is left out: in a batch a problem looks as it does alone."""
    return not value


class FieldProblem(AnswerModel):
    """One thing wrong with the request."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    pointer: Annotated[
        str,
        Field(description="RFC 6901 pointer into the body; empty for the whole body, a query parameter or a header."),
    ]
    code: Annotated[str, Field(description="The broken rule, in one word; new ones may come.")]
    message: Annotated[str, Field(description="What is wrong, without what was sent.")]
    parameter: Annotated[str, Field(description="The query parameter, if it is one.", exclude_if=_nothing)] = ""
    header: Annotated[str, Field(description="The header, if it is one.", exclude_if=_nothing)] = ""


class Problem(AnswerModel):
    """Why a request was refused. Members of single codes stand beside these; their pages name them."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_serialization_defaults_required=False,
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/invalid-request",
                    "title": "The request does not match the schema",
                    "status": 400,
                    "detail": "The request does not match the published schema; see the list of errors.",
                    "code": "invalid-request",
                    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                    "errors": [{"pointer": "/lines/0/quantity", "code": "required", "message": "is required"}],
                }
            ]
        },
    )

    type: Annotated[str, Field(description="The page that explains this code, relative to this server.")]
    title: Annotated[str, Field(description="The code's short English name.")]
    status: Annotated[int, Field(description="The HTTP status again.", ge=400, le=599)]
    detail: Annotated[str, Field(description="What happened, in the tenant's language, fit to be read to a customer.")]
    code: Annotated[str, Field(description="What programs compare; new codes may come.")]
    trace_id: Annotated[str, Field(description="What support asks for.")]
    errors: Annotated[
        list[FieldProblem],
        Field(
            default_factory=list, exclude_if=_nothing, description="Everything that is wrong with the request, at once."
        ),
    ]
