from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.ask_access_key_create import AskAccessKeyCreate
from ...models.ask_access_key_delete import AskAccessKeyDelete
from ...models.ask_access_key_rotate import AskAccessKeyRotate
from ...models.ask_account_password_policy import AskAccountPasswordPolicy
from ...models.ask_console_disable import AskConsoleDisable
from ...models.ask_console_enable import AskConsoleEnable
from ...models.ask_console_reset import AskConsoleReset
from ...models.ask_grant_adopt import AskGrantAdopt
from ...models.ask_group_create import AskGroupCreate
from ...models.ask_group_delete import AskGroupDelete
from ...models.ask_group_join import AskGroupJoin
from ...models.ask_group_leave import AskGroupLeave
from ...models.ask_group_update import AskGroupUpdate
from ...models.ask_mfa_enrol import AskMfaEnrol
from ...models.ask_mfa_reset import AskMfaReset
from ...models.ask_monitoring_enable import AskMonitoringEnable
from ...models.ask_policy_create import AskPolicyCreate
from ...models.ask_policy_delete import AskPolicyDelete
from ...models.ask_policy_inline import AskPolicyInline
from ...models.ask_policy_update import AskPolicyUpdate
from ...models.ask_user_create import AskUserCreate
from ...models.ask_user_delete import AskUserDelete
from ...models.ask_user_enrol import AskUserEnrol
from ...models.ask_user_resume import AskUserResume
from ...models.ask_user_roles import AskUserRoles
from ...models.ask_user_suspend import AskUserSuspend
from ...models.preview_view import PreviewView
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: AskAccessKeyCreate
    | AskAccessKeyDelete
    | AskAccessKeyRotate
    | AskAccountPasswordPolicy
    | AskConsoleDisable
    | AskConsoleEnable
    | AskConsoleReset
    | AskGrantAdopt
    | AskGroupCreate
    | AskGroupDelete
    | AskGroupJoin
    | AskGroupLeave
    | AskGroupUpdate
    | AskMfaEnrol
    | AskMfaReset
    | AskMonitoringEnable
    | AskPolicyCreate
    | AskPolicyDelete
    | AskPolicyInline
    | AskPolicyUpdate
    | AskUserCreate
    | AskUserDelete
    | AskUserEnrol
    | AskUserResume
    | AskUserRoles
    | AskUserSuspend,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/access-requests/preview",
    }

    if isinstance(body, AskUserCreate):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskUserRoles):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskGroupJoin):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskGroupLeave):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskGroupUpdate):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskGroupCreate):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskGroupDelete):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskPolicyCreate):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskPolicyUpdate):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskPolicyDelete):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskConsoleEnable):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskConsoleReset):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskConsoleDisable):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskAccessKeyCreate):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskAccessKeyDelete):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskAccessKeyRotate):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskMfaEnrol):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskMfaReset):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskUserSuspend):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskUserResume):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskUserDelete):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskPolicyInline):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskAccountPasswordPolicy):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskMonitoringEnable):
        _kwargs["json"] = body.to_dict()
    elif isinstance(body, AskGrantAdopt):
        _kwargs["json"] = body.to_dict()
    else:
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> PreviewView | Problem | None:
    if response.status_code == 200:
        response_200 = PreviewView.from_dict(response.json())

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
) -> Response[PreviewView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: AskAccessKeyCreate
    | AskAccessKeyDelete
    | AskAccessKeyRotate
    | AskAccountPasswordPolicy
    | AskConsoleDisable
    | AskConsoleEnable
    | AskConsoleReset
    | AskGrantAdopt
    | AskGroupCreate
    | AskGroupDelete
    | AskGroupJoin
    | AskGroupLeave
    | AskGroupUpdate
    | AskMfaEnrol
    | AskMfaReset
    | AskMonitoringEnable
    | AskPolicyCreate
    | AskPolicyDelete
    | AskPolicyInline
    | AskPolicyUpdate
    | AskUserCreate
    | AskUserDelete
    | AskUserEnrol
    | AskUserResume
    | AskUserRoles
    | AskUserSuspend,
    idempotency_key: str | Unset = UNSET,
) -> Response[PreviewView | Problem]:
    """Show ruling and plan, store nothing

     What asking would answer; what would be refused is in `refusals`.

    Args:
        idempotency_key (str | Unset):
        body (AskAccessKeyCreate | AskAccessKeyDelete | AskAccessKeyRotate |
            AskAccountPasswordPolicy | AskConsoleDisable | AskConsoleEnable | AskConsoleReset |
            AskGrantAdopt | AskGroupCreate | AskGroupDelete | AskGroupJoin | AskGroupLeave |
            AskGroupUpdate | AskMfaEnrol | AskMfaReset | AskMonitoringEnable | AskPolicyCreate |
            AskPolicyDelete | AskPolicyInline | AskPolicyUpdate | AskUserCreate | AskUserDelete |
            AskUserEnrol | AskUserResume | AskUserRoles | AskUserSuspend):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PreviewView | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: AskAccessKeyCreate
    | AskAccessKeyDelete
    | AskAccessKeyRotate
    | AskAccountPasswordPolicy
    | AskConsoleDisable
    | AskConsoleEnable
    | AskConsoleReset
    | AskGrantAdopt
    | AskGroupCreate
    | AskGroupDelete
    | AskGroupJoin
    | AskGroupLeave
    | AskGroupUpdate
    | AskMfaEnrol
    | AskMfaReset
    | AskMonitoringEnable
    | AskPolicyCreate
    | AskPolicyDelete
    | AskPolicyInline
    | AskPolicyUpdate
    | AskUserCreate
    | AskUserDelete
    | AskUserEnrol
    | AskUserResume
    | AskUserRoles
    | AskUserSuspend,
    idempotency_key: str | Unset = UNSET,
) -> PreviewView | Problem | None:
    """Show ruling and plan, store nothing

     What asking would answer; what would be refused is in `refusals`.

    Args:
        idempotency_key (str | Unset):
        body (AskAccessKeyCreate | AskAccessKeyDelete | AskAccessKeyRotate |
            AskAccountPasswordPolicy | AskConsoleDisable | AskConsoleEnable | AskConsoleReset |
            AskGrantAdopt | AskGroupCreate | AskGroupDelete | AskGroupJoin | AskGroupLeave |
            AskGroupUpdate | AskMfaEnrol | AskMfaReset | AskMonitoringEnable | AskPolicyCreate |
            AskPolicyDelete | AskPolicyInline | AskPolicyUpdate | AskUserCreate | AskUserDelete |
            AskUserEnrol | AskUserResume | AskUserRoles | AskUserSuspend):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PreviewView | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: AskAccessKeyCreate
    | AskAccessKeyDelete
    | AskAccessKeyRotate
    | AskAccountPasswordPolicy
    | AskConsoleDisable
    | AskConsoleEnable
    | AskConsoleReset
    | AskGrantAdopt
    | AskGroupCreate
    | AskGroupDelete
    | AskGroupJoin
    | AskGroupLeave
    | AskGroupUpdate
    | AskMfaEnrol
    | AskMfaReset
    | AskMonitoringEnable
    | AskPolicyCreate
    | AskPolicyDelete
    | AskPolicyInline
    | AskPolicyUpdate
    | AskUserCreate
    | AskUserDelete
    | AskUserEnrol
    | AskUserResume
    | AskUserRoles
    | AskUserSuspend,
    idempotency_key: str | Unset = UNSET,
) -> Response[PreviewView | Problem]:
    """Show ruling and plan, store nothing

     What asking would answer; what would be refused is in `refusals`.

    Args:
        idempotency_key (str | Unset):
        body (AskAccessKeyCreate | AskAccessKeyDelete | AskAccessKeyRotate |
            AskAccountPasswordPolicy | AskConsoleDisable | AskConsoleEnable | AskConsoleReset |
            AskGrantAdopt | AskGroupCreate | AskGroupDelete | AskGroupJoin | AskGroupLeave |
            AskGroupUpdate | AskMfaEnrol | AskMfaReset | AskMonitoringEnable | AskPolicyCreate |
            AskPolicyDelete | AskPolicyInline | AskPolicyUpdate | AskUserCreate | AskUserDelete |
            AskUserEnrol | AskUserResume | AskUserRoles | AskUserSuspend):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PreviewView | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: AskAccessKeyCreate
    | AskAccessKeyDelete
    | AskAccessKeyRotate
    | AskAccountPasswordPolicy
    | AskConsoleDisable
    | AskConsoleEnable
    | AskConsoleReset
    | AskGrantAdopt
    | AskGroupCreate
    | AskGroupDelete
    | AskGroupJoin
    | AskGroupLeave
    | AskGroupUpdate
    | AskMfaEnrol
    | AskMfaReset
    | AskMonitoringEnable
    | AskPolicyCreate
    | AskPolicyDelete
    | AskPolicyInline
    | AskPolicyUpdate
    | AskUserCreate
    | AskUserDelete
    | AskUserEnrol
    | AskUserResume
    | AskUserRoles
    | AskUserSuspend,
    idempotency_key: str | Unset = UNSET,
) -> PreviewView | Problem | None:
    """Show ruling and plan, store nothing

     What asking would answer; what would be refused is in `refusals`.

    Args:
        idempotency_key (str | Unset):
        body (AskAccessKeyCreate | AskAccessKeyDelete | AskAccessKeyRotate |
            AskAccountPasswordPolicy | AskConsoleDisable | AskConsoleEnable | AskConsoleReset |
            AskGrantAdopt | AskGroupCreate | AskGroupDelete | AskGroupJoin | AskGroupLeave |
            AskGroupUpdate | AskMfaEnrol | AskMfaReset | AskMonitoringEnable | AskPolicyCreate |
            AskPolicyDelete | AskPolicyInline | AskPolicyUpdate | AskUserCreate | AskUserDelete |
            AskUserEnrol | AskUserResume | AskUserRoles | AskUserSuspend):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PreviewView | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
