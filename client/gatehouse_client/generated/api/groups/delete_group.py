from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.access_request_view import AccessRequestView
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    name: str,
    *,
    reason: str | Unset = "asked by DELETE",
    if_match: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["if-match"] = if_match

    params: dict[str, Any] = {}

    params["reason"] = reason

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/groups/{name}".format(
            name=quote(str(name), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AccessRequestView | Problem | None:
    if response.status_code == 202:
        response_202 = AccessRequestView.from_dict(response.json())

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


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AccessRequestView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    reason: str | Unset = "asked by DELETE",
    if_match: None | str | Unset = UNSET,
) -> Response[AccessRequestView | Problem]:
    """Delete it

     Files `group.delete`: everybody is taken out of it and it goes from AWS; the name is never used
    again.

    Args:
        name (str): Name of the group.
        reason (str | Unset): Why. Default: 'asked by DELETE'.
        if_match (None | str | Unset): The ETag of the group that you changed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessRequestView | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        reason=reason,
        if_match=if_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    name: str,
    *,
    client: AuthenticatedClient,
    reason: str | Unset = "asked by DELETE",
    if_match: None | str | Unset = UNSET,
) -> AccessRequestView | Problem | None:
    """Delete it

     Files `group.delete`: everybody is taken out of it and it goes from AWS; the name is never used
    again.

    Args:
        name (str): Name of the group.
        reason (str | Unset): Why. Default: 'asked by DELETE'.
        if_match (None | str | Unset): The ETag of the group that you changed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessRequestView | Problem
    """

    return sync_detailed(
        name=name,
        client=client,
        reason=reason,
        if_match=if_match,
    ).parsed


async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    reason: str | Unset = "asked by DELETE",
    if_match: None | str | Unset = UNSET,
) -> Response[AccessRequestView | Problem]:
    """Delete it

     Files `group.delete`: everybody is taken out of it and it goes from AWS; the name is never used
    again.

    Args:
        name (str): Name of the group.
        reason (str | Unset): Why. Default: 'asked by DELETE'.
        if_match (None | str | Unset): The ETag of the group that you changed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessRequestView | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        reason=reason,
        if_match=if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient,
    reason: str | Unset = "asked by DELETE",
    if_match: None | str | Unset = UNSET,
) -> AccessRequestView | Problem | None:
    """Delete it

     Files `group.delete`: everybody is taken out of it and it goes from AWS; the name is never used
    again.

    Args:
        name (str): Name of the group.
        reason (str | Unset): Why. Default: 'asked by DELETE'.
        if_match (None | str | Unset): The ETag of the group that you changed.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessRequestView | Problem
    """

    return (
        await asyncio_detailed(
            name=name,
            client=client,
            reason=reason,
            if_match=if_match,
        )
    ).parsed
