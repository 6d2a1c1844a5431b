import datetime
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.grant_state import GrantState
from ...models.page_grant_view import PageGrantView
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    user: None | str | Unset = UNSET,
    group: None | str | Unset = UNSET,
    state: GrantState | None | Unset = UNSET,
    ends_before: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_user: None | str | Unset
    if isinstance(user, Unset):
        json_user = UNSET
    else:
        json_user = user
    params["user"] = json_user

    json_group: None | str | Unset
    if isinstance(group, Unset):
        json_group = UNSET
    else:
        json_group = group
    params["group"] = json_group

    json_state: None | str | Unset
    if isinstance(state, Unset):
        json_state = UNSET
    elif isinstance(state, GrantState):
        json_state = state.value
    else:
        json_state = state
    params["state"] = json_state

    json_ends_before: None | str | Unset
    if isinstance(ends_before, Unset):
        json_ends_before = UNSET
    elif isinstance(ends_before, datetime.datetime):
        json_ends_before = ends_before.isoformat()
    else:
        json_ends_before = ends_before
    params["ends_before"] = json_ends_before

    params["limit"] = limit

    json_cursor: None | str | Unset
    if isinstance(cursor, Unset):
        json_cursor = UNSET
    else:
        json_cursor = cursor
    params["cursor"] = json_cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/grants",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PageGrantView | Problem | None:
    if response.status_code == 200:
        response_200 = PageGrantView.from_dict(response.json())

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
) -> Response[PageGrantView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    user: None | str | Unset = UNSET,
    group: None | str | Unset = UNSET,
    state: GrantState | None | Unset = UNSET,
    ends_before: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> Response[PageGrantView | Problem]:
    """List grants

     Newest first. A member sees their own and those of groups they approve.

    Args:
        user (None | str | Unset):
        group (None | str | Unset):
        state (GrantState | None | Unset):
        ends_before (datetime.datetime | None | Unset):
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageGrantView | Problem]
    """

    kwargs = _get_kwargs(
        user=user,
        group=group,
        state=state,
        ends_before=ends_before,
        limit=limit,
        cursor=cursor,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    user: None | str | Unset = UNSET,
    group: None | str | Unset = UNSET,
    state: GrantState | None | Unset = UNSET,
    ends_before: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> PageGrantView | Problem | None:
    """List grants

     Newest first. A member sees their own and those of groups they approve.

    Args:
        user (None | str | Unset):
        group (None | str | Unset):
        state (GrantState | None | Unset):
        ends_before (datetime.datetime | None | Unset):
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageGrantView | Problem
    """

    return sync_detailed(
        client=client,
        user=user,
        group=group,
        state=state,
        ends_before=ends_before,
        limit=limit,
        cursor=cursor,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    user: None | str | Unset = UNSET,
    group: None | str | Unset = UNSET,
    state: GrantState | None | Unset = UNSET,
    ends_before: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> Response[PageGrantView | Problem]:
    """List grants

     Newest first. A member sees their own and those of groups they approve.

    Args:
        user (None | str | Unset):
        group (None | str | Unset):
        state (GrantState | None | Unset):
        ends_before (datetime.datetime | None | Unset):
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageGrantView | Problem]
    """

    kwargs = _get_kwargs(
        user=user,
        group=group,
        state=state,
        ends_before=ends_before,
        limit=limit,
        cursor=cursor,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    user: None | str | Unset = UNSET,
    group: None | str | Unset = UNSET,
    state: GrantState | None | Unset = UNSET,
    ends_before: datetime.datetime | None | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> PageGrantView | Problem | None:
    """List grants

     Newest first. A member sees their own and those of groups they approve.

    Args:
        user (None | str | Unset):
        group (None | str | Unset):
        state (GrantState | None | Unset):
        ends_before (datetime.datetime | None | Unset):
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageGrantView | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            user=user,
            group=group,
            state=state,
            ends_before=ends_before,
            limit=limit,
            cursor=cursor,
        )
    ).parsed
