from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.mfa_view import MfaView
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    name: str,
    *,
    account: str | Unset = "default",
    refresh: bool | Unset = False,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["account"] = account

    params["refresh"] = refresh

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/users/{name}/mfa".format(
            name=quote(str(name), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> MfaView | Problem | None:
    if response.status_code == 200:
        response_200 = MfaView.from_dict(response.json())

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


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[MfaView | Problem]:
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
    account: str | Unset = "default",
    refresh: bool | Unset = False,
) -> Response[MfaView | Problem]:
    """Show somebody's MFA devices

     One's own; anybody's for admin and auditor.

    Args:
        name (str): Name of the user.
        account (str | Unset):  Default: 'default'.
        refresh (bool | Unset): Read AWS first. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MfaView | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        account=account,
        refresh=refresh,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    name: str,
    *,
    client: AuthenticatedClient,
    account: str | Unset = "default",
    refresh: bool | Unset = False,
) -> MfaView | Problem | None:
    """Show somebody's MFA devices

     One's own; anybody's for admin and auditor.

    Args:
        name (str): Name of the user.
        account (str | Unset):  Default: 'default'.
        refresh (bool | Unset): Read AWS first. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MfaView | Problem
    """

    return sync_detailed(
        name=name,
        client=client,
        account=account,
        refresh=refresh,
    ).parsed


async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    account: str | Unset = "default",
    refresh: bool | Unset = False,
) -> Response[MfaView | Problem]:
    """Show somebody's MFA devices

     One's own; anybody's for admin and auditor.

    Args:
        name (str): Name of the user.
        account (str | Unset):  Default: 'default'.
        refresh (bool | Unset): Read AWS first. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MfaView | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        account=account,
        refresh=refresh,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient,
    account: str | Unset = "default",
    refresh: bool | Unset = False,
) -> MfaView | Problem | None:
    """Show somebody's MFA devices

     One's own; anybody's for admin and auditor.

    Args:
        name (str): Name of the user.
        account (str | Unset):  Default: 'default'.
        refresh (bool | Unset): Read AWS first. Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MfaView | Problem
    """

    return (
        await asyncio_detailed(
            name=name,
            client=client,
            account=account,
            refresh=refresh,
        )
    ).parsed
