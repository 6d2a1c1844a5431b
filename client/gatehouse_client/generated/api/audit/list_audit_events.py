from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.page_audit_event_view import PageAuditEventView
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    event: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    subject: None | str | Unset = UNSET,
    access_request_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_event: None | str | Unset
    if isinstance(event, Unset):
        json_event = UNSET
    else:
        json_event = event
    params["event"] = json_event

    json_actor: None | str | Unset
    if isinstance(actor, Unset):
        json_actor = UNSET
    else:
        json_actor = actor
    params["actor"] = json_actor

    json_subject: None | str | Unset
    if isinstance(subject, Unset):
        json_subject = UNSET
    else:
        json_subject = subject
    params["subject"] = json_subject

    json_access_request_id: None | str | Unset
    if isinstance(access_request_id, Unset):
        json_access_request_id = UNSET
    else:
        json_access_request_id = access_request_id
    params["access_request_id"] = json_access_request_id

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
        "url": "/v1/audit-events",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PageAuditEventView | Problem | None:
    if response.status_code == 200:
        response_200 = PageAuditEventView.from_dict(response.json())

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
) -> Response[PageAuditEventView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    event: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    subject: None | str | Unset = UNSET,
    access_request_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> Response[PageAuditEventView | Problem]:
    """Read the audit

     Newest first, for admin and auditor.

    Args:
        event (None | str | Unset):
        actor (None | str | Unset):
        subject (None | str | Unset):
        access_request_id (None | str | Unset):
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAuditEventView | Problem]
    """

    kwargs = _get_kwargs(
        event=event,
        actor=actor,
        subject=subject,
        access_request_id=access_request_id,
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
    event: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    subject: None | str | Unset = UNSET,
    access_request_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> PageAuditEventView | Problem | None:
    """Read the audit

     Newest first, for admin and auditor.

    Args:
        event (None | str | Unset):
        actor (None | str | Unset):
        subject (None | str | Unset):
        access_request_id (None | str | Unset):
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAuditEventView | Problem
    """

    return sync_detailed(
        client=client,
        event=event,
        actor=actor,
        subject=subject,
        access_request_id=access_request_id,
        limit=limit,
        cursor=cursor,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    event: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    subject: None | str | Unset = UNSET,
    access_request_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> Response[PageAuditEventView | Problem]:
    """Read the audit

     Newest first, for admin and auditor.

    Args:
        event (None | str | Unset):
        actor (None | str | Unset):
        subject (None | str | Unset):
        access_request_id (None | str | Unset):
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PageAuditEventView | Problem]
    """

    kwargs = _get_kwargs(
        event=event,
        actor=actor,
        subject=subject,
        access_request_id=access_request_id,
        limit=limit,
        cursor=cursor,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    event: None | str | Unset = UNSET,
    actor: None | str | Unset = UNSET,
    subject: None | str | Unset = UNSET,
    access_request_id: None | str | Unset = UNSET,
    limit: int | Unset = 50,
    cursor: None | str | Unset = UNSET,
) -> PageAuditEventView | Problem | None:
    """Read the audit

     Newest first, for admin and auditor.

    Args:
        event (None | str | Unset):
        actor (None | str | Unset):
        subject (None | str | Unset):
        access_request_id (None | str | Unset):
        limit (int | Unset): How many at most. Default: 50.
        cursor (None | str | Unset): `next_cursor` of the page before.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PageAuditEventView | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            event=event,
            actor=actor,
            subject=subject,
            access_request_id=access_request_id,
            limit=limit,
            cursor=cursor,
        )
    ).parsed
