from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.decision_state import DecisionState
from ...models.kind import Kind
from ...models.page_access_request_view import PageAccessRequestView
from ...models.problem import Problem
from ...models.provisioning import Provisioning
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    decision: DecisionState | None | Unset = UNSET,
    provisioning: None | Provisioning | Unset = UNSET,
    user: None | str | Unset = UNSET,
    kind: Kind | None | Unset = UNSET,
    group: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    to_approve: bool | Unset = False,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_decision: None | str | Unset
    if isinstance(decision, Unset):
        json_decision = UNSET
    elif isinstance(decision, DecisionState):
        json_decision = decision.value
    else:
        json_decision = decision
    params["decision"] = json_decision

    json_provisioning: None | str | Unset
    if isinstance(provisioning, Unset):
        json_provisioning = UNSET
    elif isinstance(provisioning, Provisioning):
        json_provisioning = provisioning.value
    else:
        json_provisioning = provisioning
    params["provisioning"] = json_provisioning

    json_user: None | str | Unset
    if isinstance(user, Unset):
        json_user = UNSET
    else:
        json_user = user
    params["user"] = json_user

    json_kind: None | str | Unset
    if isinstance(kind, Unset):
        json_kind = UNSET
    elif isinstance(kind, Kind):
        json_kind = kind.value
    else:
        json_kind = kind
    params["kind"] = json_kind

    json_group: None | str | Unset
    if isinstance(group, Unset):
        json_group = UNSET
    else:
        json_group = group
    params["group"] = json_group

    params["mine"] = mine

    params["to_approve"] = to_approve

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
        "url": "/v1/access-requests",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PageAccessRequestView | Problem | None:
    if response.status_code == 200:
        response_200 = PageAccessRequestView.from_dict(response.json())

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
) -> Response[PageAccessRequestView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    decision: DecisionState | None | Unset = UNSET,
    provisioning: None | Provisioning | Unset = UNSET,
    user: None | str | Unset = UNSET,
    kind: Kind | None | Unset = UNSET,
    group: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    to_approve: bool | Unset = False,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> Response[PageAccessRequestView | Problem]:
    """List access requests

     Newest first. A member sees their own and those to approve; admin and auditor see all.

    Args:
        decision (DecisionState | None | Unset):
        provisioning (None | Provisioning | Unset):
        user (None | str | Unset):
        kind (Kind | None | Unset):
        group (None | str | Unset):
        mine (bool | Unset):  Default: False.
        to_approve (bool | Unset):  Default: False.
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAccessRequestView | Problem]
    """

    kwargs = _get_kwargs(
        decision=decision,
        provisioning=provisioning,
        user=user,
        kind=kind,
        group=group,
        mine=mine,
        to_approve=to_approve,
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
    decision: DecisionState | None | Unset = UNSET,
    provisioning: None | Provisioning | Unset = UNSET,
    user: None | str | Unset = UNSET,
    kind: Kind | None | Unset = UNSET,
    group: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    to_approve: bool | Unset = False,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> PageAccessRequestView | Problem | None:
    """List access requests

     Newest first. A member sees their own and those to approve; admin and auditor see all.

    Args:
        decision (DecisionState | None | Unset):
        provisioning (None | Provisioning | Unset):
        user (None | str | Unset):
        kind (Kind | None | Unset):
        group (None | str | Unset):
        mine (bool | Unset):  Default: False.
        to_approve (bool | Unset):  Default: False.
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAccessRequestView | Problem
    """

    return sync_detailed(
        client=client,
        decision=decision,
        provisioning=provisioning,
        user=user,
        kind=kind,
        group=group,
        mine=mine,
        to_approve=to_approve,
        limit=limit,
        cursor=cursor,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    decision: DecisionState | None | Unset = UNSET,
    provisioning: None | Provisioning | Unset = UNSET,
    user: None | str | Unset = UNSET,
    kind: Kind | None | Unset = UNSET,
    group: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    to_approve: bool | Unset = False,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> Response[PageAccessRequestView | Problem]:
    """List access requests

     Newest first. A member sees their own and those to approve; admin and auditor see all.

    Args:
        decision (DecisionState | None | Unset):
        provisioning (None | Provisioning | Unset):
        user (None | str | Unset):
        kind (Kind | None | Unset):
        group (None | str | Unset):
        mine (bool | Unset):  Default: False.
        to_approve (bool | Unset):  Default: False.
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAccessRequestView | Problem]
    """

    kwargs = _get_kwargs(
        decision=decision,
        provisioning=provisioning,
        user=user,
        kind=kind,
        group=group,
        mine=mine,
        to_approve=to_approve,
        limit=limit,
        cursor=cursor,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    decision: DecisionState | None | Unset = UNSET,
    provisioning: None | Provisioning | Unset = UNSET,
    user: None | str | Unset = UNSET,
    kind: Kind | None | Unset = UNSET,
    group: None | str | Unset = UNSET,
    mine: bool | Unset = False,
    to_approve: bool | Unset = False,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> PageAccessRequestView | Problem | None:
    """List access requests

     Newest first. A member sees their own and those to approve; admin and auditor see all.

    Args:
        decision (DecisionState | None | Unset):
        provisioning (None | Provisioning | Unset):
        user (None | str | Unset):
        kind (Kind | None | Unset):
        group (None | str | Unset):
        mine (bool | Unset):  Default: False.
        to_approve (bool | Unset):  Default: False.
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAccessRequestView | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            decision=decision,
            provisioning=provisioning,
            user=user,
            kind=kind,
            group=group,
            mine=mine,
            to_approve=to_approve,
            limit=limit,
            cursor=cursor,
        )
    ).parsed
