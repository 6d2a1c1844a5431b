from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.access_request_view import AccessRequestView
from ...models.policy_put import PolicyPut
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    name: str,
    *,
    body: PolicyPut,
    if_match: None | str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["if-match"] = if_match

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/policies/{name}".format(
            name=quote(str(name), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

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
    body: PolicyPut,
    if_match: None | str | Unset = UNSET,
) -> Response[AccessRequestView | Problem]:
    """Change its document

     Files `policy.update`; the rule of each group whose members gain by it is met, too.

    Args:
        name (str): Name of the policy.
        if_match (None | str | Unset): The ETag of the policy that you changed.
        body (PolicyPut): Its new document; files `policy.update`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessRequestView | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        body=body,
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
    body: PolicyPut,
    if_match: None | str | Unset = UNSET,
) -> AccessRequestView | Problem | None:
    """Change its document

     Files `policy.update`; the rule of each group whose members gain by it is met, too.

    Args:
        name (str): Name of the policy.
        if_match (None | str | Unset): The ETag of the policy that you changed.
        body (PolicyPut): Its new document; files `policy.update`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessRequestView | Problem
    """

    return sync_detailed(
        name=name,
        client=client,
        body=body,
        if_match=if_match,
    ).parsed


async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    body: PolicyPut,
    if_match: None | str | Unset = UNSET,
) -> Response[AccessRequestView | Problem]:
    """Change its document

     Files `policy.update`; the rule of each group whose members gain by it is met, too.

    Args:
        name (str): Name of the policy.
        if_match (None | str | Unset): The ETag of the policy that you changed.
        body (PolicyPut): Its new document; files `policy.update`.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessRequestView | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        body=body,
        if_match=if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient,
    body: PolicyPut,
    if_match: None | str | Unset = UNSET,
) -> AccessRequestView | Problem | None:
    """Change its document

     Files `policy.update`; the rule of each group whose members gain by it is met, too.

    Args:
        name (str): Name of the policy.
        if_match (None | str | Unset): The ETag of the policy that you changed.
        body (PolicyPut): Its new document; files `policy.update`.

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
            body=body,
            if_match=if_match,
        )
    ).parsed
