from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.grant_view import GrantView
from ...models.problem import Problem
from ...models.reason_body import ReasonBody
from ...types import UNSET, Response, Unset


def _get_kwargs(
    grant_id: str,
    *,
    body: ReasonBody,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/grants/{grant_id}/revoke".format(
            grant_id=quote(str(grant_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> GrantView | Problem | None:
    if response.status_code == 202:
        response_202 = GrantView.from_dict(response.json())

        return response_202

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[GrantView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    grant_id: str,
    *,
    client: AuthenticatedClient,
    body: ReasonBody,
    idempotency_key: str | Unset = UNSET,
) -> Response[GrantView | Problem]:
    """End access now

     By the holder, an approver of the group, or an admin. Ends every grant of this access.

    Args:
        grant_id (str): Id of the grant.
        idempotency_key (str | Unset):
        body (ReasonBody): Why.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[GrantView | Problem]
    """

    kwargs = _get_kwargs(
        grant_id=grant_id,
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    grant_id: str,
    *,
    client: AuthenticatedClient,
    body: ReasonBody,
    idempotency_key: str | Unset = UNSET,
) -> GrantView | Problem | None:
    """End access now

     By the holder, an approver of the group, or an admin. Ends every grant of this access.

    Args:
        grant_id (str): Id of the grant.
        idempotency_key (str | Unset):
        body (ReasonBody): Why.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        GrantView | Problem
    """

    return sync_detailed(
        grant_id=grant_id,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    grant_id: str,
    *,
    client: AuthenticatedClient,
    body: ReasonBody,
    idempotency_key: str | Unset = UNSET,
) -> Response[GrantView | Problem]:
    """End access now

     By the holder, an approver of the group, or an admin. Ends every grant of this access.

    Args:
        grant_id (str): Id of the grant.
        idempotency_key (str | Unset):
        body (ReasonBody): Why.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[GrantView | Problem]
    """

    kwargs = _get_kwargs(
        grant_id=grant_id,
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    grant_id: str,
    *,
    client: AuthenticatedClient,
    body: ReasonBody,
    idempotency_key: str | Unset = UNSET,
) -> GrantView | Problem | None:
    """End access now

     By the holder, an approver of the group, or an admin. Ends every grant of this access.

    Args:
        grant_id (str): Id of the grant.
        idempotency_key (str | Unset):
        body (ReasonBody): Why.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        GrantView | Problem
    """

    return (
        await asyncio_detailed(
            grant_id=grant_id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
