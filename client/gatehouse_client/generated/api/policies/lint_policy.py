from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.lint_body import LintBody
from ...models.lint_view import LintView
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: LintBody,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/policies/lint",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> LintView | Problem | None:
    if response.status_code == 200:
        response_200 = LintView.from_dict(response.json())

        return response_200

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if 400 <= response.status_code <= 499:
        response_4xx = Problem.from_dict(response.json())

        return response_4xx

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[LintView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: LintBody,
    idempotency_key: str | Unset = UNSET,
) -> Response[LintView | Problem]:
    """Check a policy document, store nothing

     What is wrong with it or wider than it seems, with line, reason and the scoped form where there is
    one.

    Lines are those of the text as sent, or of the object indented by two. A document of the right size
    costs
    milliseconds; of one that is larger than AWS takes anywhere, the size is said and little else.

    Args:
        idempotency_key (str | Unset):
        body (LintBody): A policy document: as an object, or as text, whose lines the findings
            then name.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[LintView | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: LintBody,
    idempotency_key: str | Unset = UNSET,
) -> LintView | Problem | None:
    """Check a policy document, store nothing

     What is wrong with it or wider than it seems, with line, reason and the scoped form where there is
    one.

    Lines are those of the text as sent, or of the object indented by two. A document of the right size
    costs
    milliseconds; of one that is larger than AWS takes anywhere, the size is said and little else.

    Args:
        idempotency_key (str | Unset):
        body (LintBody): A policy document: as an object, or as text, whose lines the findings
            then name.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        LintView | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: LintBody,
    idempotency_key: str | Unset = UNSET,
) -> Response[LintView | Problem]:
    """Check a policy document, store nothing

     What is wrong with it or wider than it seems, with line, reason and the scoped form where there is
    one.

    Lines are those of the text as sent, or of the object indented by two. A document of the right size
    costs
    milliseconds; of one that is larger than AWS takes anywhere, the size is said and little else.

    Args:
        idempotency_key (str | Unset):
        body (LintBody): A policy document: as an object, or as text, whose lines the findings
            then name.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[LintView | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: LintBody,
    idempotency_key: str | Unset = UNSET,
) -> LintView | Problem | None:
    """Check a policy document, store nothing

     What is wrong with it or wider than it seems, with line, reason and the scoped form where there is
    one.

    Lines are those of the text as sent, or of the object indented by two. A document of the right size
    costs
    milliseconds; of one that is larger than AWS takes anywhere, the size is said and little else.

    Args:
        idempotency_key (str | Unset):
        body (LintBody): A policy document: as an object, or as text, whose lines the findings
            then name.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        LintView | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
