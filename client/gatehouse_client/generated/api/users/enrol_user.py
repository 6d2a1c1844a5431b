from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.access_request_view import AccessRequestView
from ...models.code_view import CodeView
from ...models.leaving_body import LeavingBody
from ...models.mailed_view import MailedView
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    name: str,
    *,
    body: LeavingBody | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/users/{name}/enrolment".format(
            name=quote(str(name), safe=""),
        ),
    }

    if isinstance(body, LeavingBody):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AccessRequestView | CodeView | MailedView | Problem | None:
    if response.status_code == 201:

        def _parse_response_201(data: object) -> CodeView | MailedView:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_201_type_0 = CodeView.from_dict(data)

                return response_201_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_201_type_1 = MailedView.from_dict(data)

            return response_201_type_1

        response_201 = _parse_response_201(response.json())

        return response_201

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
) -> Response[AccessRequestView | CodeView | MailedView | Problem]:
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
    body: LeavingBody | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Response[AccessRequestView | CodeView | MailedView | Problem]:
    """Hand out a code

     A one-time code, good for 24 hours, for somebody who has no token yet.

    Where mail is configured it is mailed to them, and not answered.
    For somebody who had one this files `user.enrol`; once that is approved, the same call by who asked
    gives the code.

    Args:
        name (str): Name of the user.
        idempotency_key (str | Unset):
        body (LeavingBody | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessRequestView | CodeView | MailedView | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    name: str,
    *,
    client: AuthenticatedClient,
    body: LeavingBody | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> AccessRequestView | CodeView | MailedView | Problem | None:
    """Hand out a code

     A one-time code, good for 24 hours, for somebody who has no token yet.

    Where mail is configured it is mailed to them, and not answered.
    For somebody who had one this files `user.enrol`; once that is approved, the same call by who asked
    gives the code.

    Args:
        name (str): Name of the user.
        idempotency_key (str | Unset):
        body (LeavingBody | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessRequestView | CodeView | MailedView | Problem
    """

    return sync_detailed(
        name=name,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    name: str,
    *,
    client: AuthenticatedClient,
    body: LeavingBody | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> Response[AccessRequestView | CodeView | MailedView | Problem]:
    """Hand out a code

     A one-time code, good for 24 hours, for somebody who has no token yet.

    Where mail is configured it is mailed to them, and not answered.
    For somebody who had one this files `user.enrol`; once that is approved, the same call by who asked
    gives the code.

    Args:
        name (str): Name of the user.
        idempotency_key (str | Unset):
        body (LeavingBody | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AccessRequestView | CodeView | MailedView | Problem]
    """

    kwargs = _get_kwargs(
        name=name,
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    name: str,
    *,
    client: AuthenticatedClient,
    body: LeavingBody | None | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
) -> AccessRequestView | CodeView | MailedView | Problem | None:
    """Hand out a code

     A one-time code, good for 24 hours, for somebody who has no token yet.

    Where mail is configured it is mailed to them, and not answered.
    For somebody who had one this files `user.enrol`; once that is approved, the same call by who asked
    gives the code.

    Args:
        name (str): Name of the user.
        idempotency_key (str | Unset):
        body (LeavingBody | None | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AccessRequestView | CodeView | MailedView | Problem
    """

    return (
        await asyncio_detailed(
            name=name,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
