from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.key_view import KeyView
from ...models.password_view import PasswordView
from ...models.problem import Problem
from ...models.seed_view import SeedView
from ...types import UNSET, Response, Unset


def _get_kwargs(
    secret_id: str,
    *,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/secrets/{secret_id}/collect".format(
            secret_id=quote(str(secret_id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> KeyView | PasswordView | SeedView | Problem | None:
    if response.status_code == 200:

        def _parse_response_200(data: object) -> KeyView | PasswordView | SeedView:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_200_type_0 = PasswordView.from_dict(data)

                return response_200_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                response_200_type_1 = KeyView.from_dict(data)

                return response_200_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            response_200_type_2 = SeedView.from_dict(data)

            return response_200_type_2

        response_200 = _parse_response_200(response.json())

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
) -> Response[KeyView | PasswordView | SeedView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    secret_id: str,
    *,
    client: AuthenticatedClient,
    idempotency_key: str | Unset = UNSET,
) -> Response[KeyView | PasswordView | SeedView | Problem]:
    """Collect a secret, once

     Only the user it is for. After that, and 72 hours after it was made, it is gone.

    Args:
        secret_id (str):
        idempotency_key (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[KeyView | PasswordView | SeedView | Problem]
    """

    kwargs = _get_kwargs(
        secret_id=secret_id,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    secret_id: str,
    *,
    client: AuthenticatedClient,
    idempotency_key: str | Unset = UNSET,
) -> KeyView | PasswordView | SeedView | Problem | None:
    """Collect a secret, once

     Only the user it is for. After that, and 72 hours after it was made, it is gone.

    Args:
        secret_id (str):
        idempotency_key (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        KeyView | PasswordView | SeedView | Problem
    """

    return sync_detailed(
        secret_id=secret_id,
        client=client,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    secret_id: str,
    *,
    client: AuthenticatedClient,
    idempotency_key: str | Unset = UNSET,
) -> Response[KeyView | PasswordView | SeedView | Problem]:
    """Collect a secret, once

     Only the user it is for. After that, and 72 hours after it was made, it is gone.

    Args:
        secret_id (str):
        idempotency_key (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[KeyView | PasswordView | SeedView | Problem]
    """

    kwargs = _get_kwargs(
        secret_id=secret_id,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    secret_id: str,
    *,
    client: AuthenticatedClient,
    idempotency_key: str | Unset = UNSET,
) -> KeyView | PasswordView | SeedView | Problem | None:
    """Collect a secret, once

     Only the user it is for. After that, and 72 hours after it was made, it is gone.

    Args:
        secret_id (str):
        idempotency_key (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        KeyView | PasswordView | SeedView | Problem
    """

    return (
        await asyncio_detailed(
            secret_id=secret_id,
            client=client,
            idempotency_key=idempotency_key,
        )
    ).parsed
