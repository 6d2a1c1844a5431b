from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.access_request_view import AccessRequestView
from ...models.get_access_request_until import GetAccessRequestUntil
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    request_id: str,
    *,
    wait: int | Unset = 0,
    until: GetAccessRequestUntil | Unset = GetAccessRequestUntil.APPLIED,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["wait"] = wait

    json_until: str | Unset = UNSET
    if not isinstance(until, Unset):
        json_until = until.value

    params["until"] = json_until

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/access-requests/{request_id}".format(
            request_id=quote(str(request_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AccessRequestView | Problem | None:
    if response.status_code == 200:
        response_200 = AccessRequestView.from_dict(response.json())

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
    request_id: str,
    *,
    client: AuthenticatedClient,
    wait: int | Unset = 0,
    until: GetAccessRequestUntil | Unset = GetAccessRequestUntil.APPLIED,
) -> Response[AccessRequestView | Problem]:
    """Show one, or wait for it

     Answers as soon as `until` holds, or after `wait` seconds with what is true then.

    Args:
        request_id (str): Id of the access request.
        wait (int | Unset): Seconds to wait at most. Default: 0.
        until (GetAccessRequestUntil | Unset): What to wait for. Default:
            GetAccessRequestUntil.APPLIED.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessRequestView | Problem]
    """

    kwargs = _get_kwargs(
        request_id=request_id,
        wait=wait,
        until=until,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    request_id: str,
    *,
    client: AuthenticatedClient,
    wait: int | Unset = 0,
    until: GetAccessRequestUntil | Unset = GetAccessRequestUntil.APPLIED,
) -> AccessRequestView | Problem | None:
    """Show one, or wait for it

     Answers as soon as `until` holds, or after `wait` seconds with what is true then.

    Args:
        request_id (str): Id of the access request.
        wait (int | Unset): Seconds to wait at most. Default: 0.
        until (GetAccessRequestUntil | Unset): What to wait for. Default:
            GetAccessRequestUntil.APPLIED.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessRequestView | Problem
    """

    return sync_detailed(
        request_id=request_id,
        client=client,
        wait=wait,
        until=until,
    ).parsed


async def asyncio_detailed(
    request_id: str,
    *,
    client: AuthenticatedClient,
    wait: int | Unset = 0,
    until: GetAccessRequestUntil | Unset = GetAccessRequestUntil.APPLIED,
) -> Response[AccessRequestView | Problem]:
    """Show one, or wait for it

     Answers as soon as `until` holds, or after `wait` seconds with what is true then.

    Args:
        request_id (str): Id of the access request.
        wait (int | Unset): Seconds to wait at most. Default: 0.
        until (GetAccessRequestUntil | Unset): What to wait for. Default:
            GetAccessRequestUntil.APPLIED.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessRequestView | Problem]
    """

    kwargs = _get_kwargs(
        request_id=request_id,
        wait=wait,
        until=until,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    request_id: str,
    *,
    client: AuthenticatedClient,
    wait: int | Unset = 0,
    until: GetAccessRequestUntil | Unset = GetAccessRequestUntil.APPLIED,
) -> AccessRequestView | Problem | None:
    """Show one, or wait for it

     Answers as soon as `until` holds, or after `wait` seconds with what is true then.

    Args:
        request_id (str): Id of the access request.
        wait (int | Unset): Seconds to wait at most. Default: 0.
        until (GetAccessRequestUntil | Unset): What to wait for. Default:
            GetAccessRequestUntil.APPLIED.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessRequestView | Problem
    """

    return (
        await asyncio_detailed(
            request_id=request_id,
            client=client,
            wait=wait,
            until=until,
        )
    ).parsed
