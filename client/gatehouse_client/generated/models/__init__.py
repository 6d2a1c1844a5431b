"""Contains all the data models used in inputs/outputs"""

from .access_request_view import AccessRequestView
from .access_request_view_change import AccessRequestViewChange
from .access_request_view_failure_type_0 import AccessRequestViewFailureType0
from .access_view import AccessView
from .account_view import AccountView
from .activate_body import ActivateBody
from .approval_view import ApprovalView
from .approve_body import ApproveBody
from .ask_access_key_create import AskAccessKeyCreate
from .ask_access_key_delete import AskAccessKeyDelete
from .ask_access_key_rotate import AskAccessKeyRotate
from .ask_account_password_policy import AskAccountPasswordPolicy
from .ask_console_disable import AskConsoleDisable
from .ask_console_enable import AskConsoleEnable
from .ask_console_reset import AskConsoleReset
from .ask_grant_adopt import AskGrantAdopt
from .ask_group_create import AskGroupCreate
from .ask_group_delete import AskGroupDelete
from .ask_group_join import AskGroupJoin
from .ask_group_leave import AskGroupLeave
from .ask_group_update import AskGroupUpdate
from .ask_mfa_enrol import AskMfaEnrol
from .ask_mfa_reset import AskMfaReset
from .ask_monitoring_enable import AskMonitoringEnable
from .ask_policy_create import AskPolicyCreate
from .ask_policy_delete import AskPolicyDelete
from .ask_policy_inline import AskPolicyInline
from .ask_policy_update import AskPolicyUpdate
from .ask_user_create import AskUserCreate
from .ask_user_delete import AskUserDelete
from .ask_user_enrol import AskUserEnrol
from .ask_user_resume import AskUserResume
from .ask_user_roles import AskUserRoles
from .ask_user_suspend import AskUserSuspend
from .asked_view import AskedView
from .attempt_view import AttemptView
from .audit_event_view import AuditEventView
from .audit_event_view_data import AuditEventViewData
from .channel import Channel
from .code_view import CodeView
from .confirm_body import ConfirmBody
from .confirmation_view import ConfirmationView
from .decision_state import DecisionState
from .decision_view import DecisionView
from .delivery_state import DeliveryState
from .delivery_view import DeliveryView
from .deny_body import DenyBody
from .device_view import DeviceView
from .device_view_kind import DeviceViewKind
from .disabled import Disabled
from .drift_view import DriftView
from .enrolment_view import EnrolmentView
from .extend_body import ExtendBody
from .finding_view import FindingView
from .finding_view_evidence import FindingViewEvidence
from .finding_view_severity import FindingViewSeverity
from .get_access_request_until import GetAccessRequestUntil
from .grant_adopt_body import GrantAdoptBody
from .grant_state import GrantState
from .grant_view import GrantView
from .grant_view_failure_type_0 import GrantViewFailureType0
from .group_body import GroupBody
from .group_create_body import GroupCreateBody
from .group_delete_body import GroupDeleteBody
from .group_patch import GroupPatch
from .group_update_body import GroupUpdateBody
from .group_view import GroupView
from .health_view import HealthView
from .held_policy_view import HeldPolicyView
from .held_policy_view_document_type_1 import HeldPolicyViewDocumentType1
from .held_view import HeldView
from .import_view import ImportView
from .kept_view import KeptView
from .key_body import KeyBody
from .key_view import KeyView
from .kind import Kind
from .leaving_body import LeavingBody
from .lint_body import LintBody
from .lint_body_document_type_1 import LintBodyDocumentType1
from .lint_finding_view import LintFindingView
from .lint_finding_view_scoped_form_type_0 import LintFindingViewScopedFormType0
from .lint_view import LintView
from .mailed_view import MailedView
from .me_view import MeView
from .member_view import MemberView
from .mfa_view import MfaView
from .monitoring_body import MonitoringBody
from .new_group import NewGroup
from .new_secret_view import NewSecretView
from .new_token_view import NewTokenView
from .no_body import NoBody
from .notices_body import NoticesBody
from .notices_body_applied import NoticesBodyApplied
from .notices_body_closed import NoticesBodyClosed
from .notices_body_decided import NoticesBodyDecided
from .notices_body_ended import NoticesBodyEnded
from .notices_body_ending import NoticesBodyEnding
from .notices_body_failed import NoticesBodyFailed
from .notices_body_newcomer import NoticesBodyNewcomer
from .notices_body_power import NoticesBodyPower
from .notices_body_reminder import NoticesBodyReminder
from .notices_body_restored import NoticesBodyRestored
from .notices_body_rotation import NoticesBodyRotation
from .notices_body_secret import NoticesBodySecret
from .notices_body_to_decide import NoticesBodyToDecide
from .notices_view import NoticesView
from .notices_view_applied import NoticesViewApplied
from .notices_view_closed import NoticesViewClosed
from .notices_view_decided import NoticesViewDecided
from .notices_view_ended import NoticesViewEnded
from .notices_view_ending import NoticesViewEnding
from .notices_view_failed import NoticesViewFailed
from .notices_view_newcomer import NoticesViewNewcomer
from .notices_view_power import NoticesViewPower
from .notices_view_reminder import NoticesViewReminder
from .notices_view_restored import NoticesViewRestored
from .notices_view_rotation import NoticesViewRotation
from .notices_view_secret import NoticesViewSecret
from .notices_view_to_decide import NoticesViewToDecide
from .operation_view import OperationView
from .operation_view_parameters import OperationViewParameters
from .origin import Origin
from .page_access_request_view import PageAccessRequestView
from .page_account_view import PageAccountView
from .page_audit_event_view import PageAuditEventView
from .page_delivery_view import PageDeliveryView
from .page_grant_view import PageGrantView
from .page_group_view import PageGroupView
from .page_member_view import PageMemberView
from .page_policy_view import PagePolicyView
from .page_secret_view import PageSecretView
from .page_token_view import PageTokenView
from .page_user_view import PageUserView
from .page_webhook_view import PageWebhookView
from .password_policy_body import PasswordPolicyBody
from .password_view import PasswordView
from .plan_view import PlanView
from .policy_body import PolicyBody
from .policy_body_document_type_1 import PolicyBodyDocumentType1
from .policy_create_body import PolicyCreateBody
from .policy_create_body_document_type_1 import PolicyCreateBodyDocumentType1
from .policy_delete_body import PolicyDeleteBody
from .policy_inline_body import PolicyInlineBody
from .policy_inline_body_document_type_1 import PolicyInlineBodyDocumentType1
from .policy_put import PolicyPut
from .policy_put_document_type_1 import PolicyPutDocumentType1
from .policy_remains_view import PolicyRemainsView
from .policy_update_body import PolicyUpdateBody
from .policy_update_body_document_type_1 import PolicyUpdateBodyDocumentType1
from .policy_version_view import PolicyVersionView
from .policy_view import PolicyView
from .policy_view_document_type_0 import PolicyViewDocumentType0
from .preview_view import PreviewView
from .preview_view_change import PreviewViewChange
from .problem import Problem
from .problem_errors_item import ProblemErrorsItem
from .provisioning import Provisioning
from .ready_view import ReadyView
from .ready_view_checks import ReadyViewChecks
from .ready_view_status import ReadyViewStatus
from .reason_body import ReasonBody
from .redeem_body import RedeemBody
from .redeemed_view import RedeemedView
from .refusal_view import RefusalView
from .register_body import RegisterBody
from .registered_view import RegisteredView
from .remains_view import RemainsView
from .remedy_view import RemedyView
from .remedy_view_body_type_0 import RemedyViewBodyType0
from .restoration_view import RestorationView
from .restoration_view_state import RestorationViewState
from .role import Role
from .rule import Rule
from .rule_body import RuleBody
from .rule_body_slack import RuleBodySlack
from .rule_slack import RuleSlack
from .rule_view import RuleView
from .rule_view_slack import RuleViewSlack
from .ruling_part import RulingPart
from .ruling_view import RulingView
from .scope import Scope
from .secret_kind import SecretKind
from .secret_view import SecretView
from .seed_view import SeedView
from .self_service import SelfService
from .severity import Severity
from .slack_link_body import SlackLinkBody
from .slack_link_view import SlackLinkView
from .token_body import TokenBody
from .token_view import TokenView
from .user_create_body import UserCreateBody
from .user_create_body_tags import UserCreateBodyTags
from .user_patch import UserPatch
from .user_roles_body import UserRolesBody
from .user_roles_body_roles_item import UserRolesBodyRolesItem
from .user_state import UserState
from .user_view import UserView
from .verdict import Verdict
from .verification_view import VerificationView
from .webhook_body import WebhookBody
from .webhook_body_events_item import WebhookBodyEventsItem
from .webhook_patch import WebhookPatch
from .webhook_patch_events_type_0_item import WebhookPatchEventsType0Item
from .webhook_view import WebhookView
from .why_grant_view import WhyGrantView
from .why_policy_grant_view import WhyPolicyGrantView

__all__ = (
    "AccessRequestView",
    "AccessRequestViewChange",
    "AccessRequestViewFailureType0",
    "AccessView",
    "AccountView",
    "ActivateBody",
    "ApprovalView",
    "ApproveBody",
    "AskAccessKeyCreate",
    "AskAccessKeyDelete",
    "AskAccessKeyRotate",
    "AskAccountPasswordPolicy",
    "AskConsoleDisable",
    "AskConsoleEnable",
    "AskConsoleReset",
    "AskedView",
    "AskGrantAdopt",
    "AskGroupCreate",
    "AskGroupDelete",
    "AskGroupJoin",
    "AskGroupLeave",
    "AskGroupUpdate",
    "AskMfaEnrol",
    "AskMfaReset",
    "AskMonitoringEnable",
    "AskPolicyCreate",
    "AskPolicyDelete",
    "AskPolicyInline",
    "AskPolicyUpdate",
    "AskUserCreate",
    "AskUserDelete",
    "AskUserEnrol",
    "AskUserResume",
    "AskUserRoles",
    "AskUserSuspend",
    "AttemptView",
    "AuditEventView",
    "AuditEventViewData",
    "Channel",
    "CodeView",
    "ConfirmationView",
    "ConfirmBody",
    "DecisionState",
    "DecisionView",
    "DeliveryState",
    "DeliveryView",
    "DenyBody",
    "DeviceView",
    "DeviceViewKind",
    "Disabled",
    "DriftView",
    "EnrolmentView",
    "ExtendBody",
    "FindingView",
    "FindingViewEvidence",
    "FindingViewSeverity",
    "GetAccessRequestUntil",
    "GrantAdoptBody",
    "GrantState",
    "GrantView",
    "GrantViewFailureType0",
    "GroupBody",
    "GroupCreateBody",
    "GroupDeleteBody",
    "GroupPatch",
    "GroupUpdateBody",
    "GroupView",
    "HealthView",
    "HeldPolicyView",
    "HeldPolicyViewDocumentType1",
    "HeldView",
    "ImportView",
    "KeptView",
    "KeyBody",
    "KeyView",
    "Kind",
    "LeavingBody",
    "LintBody",
    "LintBodyDocumentType1",
    "LintFindingView",
    "LintFindingViewScopedFormType0",
    "LintView",
    "MailedView",
    "MemberView",
    "MeView",
    "MfaView",
    "MonitoringBody",
    "NewGroup",
    "NewSecretView",
    "NewTokenView",
    "NoBody",
    "NoticesBody",
    "NoticesBodyApplied",
    "NoticesBodyClosed",
    "NoticesBodyDecided",
    "NoticesBodyEnded",
    "NoticesBodyEnding",
    "NoticesBodyFailed",
    "NoticesBodyNewcomer",
    "NoticesBodyPower",
    "NoticesBodyReminder",
    "NoticesBodyRestored",
    "NoticesBodyRotation",
    "NoticesBodySecret",
    "NoticesBodyToDecide",
    "NoticesView",
    "NoticesViewApplied",
    "NoticesViewClosed",
    "NoticesViewDecided",
    "NoticesViewEnded",
    "NoticesViewEnding",
    "NoticesViewFailed",
    "NoticesViewNewcomer",
    "NoticesViewPower",
    "NoticesViewReminder",
    "NoticesViewRestored",
    "NoticesViewRotation",
    "NoticesViewSecret",
    "NoticesViewToDecide",
    "OperationView",
    "OperationViewParameters",
    "Origin",
    "PageAccessRequestView",
    "PageAccountView",
    "PageAuditEventView",
    "PageDeliveryView",
    "PageGrantView",
    "PageGroupView",
    "PageMemberView",
    "PagePolicyView",
    "PageSecretView",
    "PageTokenView",
    "PageUserView",
    "PageWebhookView",
    "PasswordPolicyBody",
    "PasswordView",
    "PlanView",
    "PolicyBody",
    "PolicyBodyDocumentType1",
    "PolicyCreateBody",
    "PolicyCreateBodyDocumentType1",
    "PolicyDeleteBody",
    "PolicyInlineBody",
    "PolicyInlineBodyDocumentType1",
    "PolicyPut",
    "PolicyPutDocumentType1",
    "PolicyRemainsView",
    "PolicyUpdateBody",
    "PolicyUpdateBodyDocumentType1",
    "PolicyVersionView",
    "PolicyView",
    "PolicyViewDocumentType0",
    "PreviewView",
    "PreviewViewChange",
    "Problem",
    "ProblemErrorsItem",
    "Provisioning",
    "ReadyView",
    "ReadyViewChecks",
    "ReadyViewStatus",
    "ReasonBody",
    "RedeemBody",
    "RedeemedView",
    "RefusalView",
    "RegisterBody",
    "RegisteredView",
    "RemainsView",
    "RemedyView",
    "RemedyViewBodyType0",
    "RestorationView",
    "RestorationViewState",
    "Role",
    "Rule",
    "RuleBody",
    "RuleBodySlack",
    "RuleSlack",
    "RuleView",
    "RuleViewSlack",
    "RulingPart",
    "RulingView",
    "Scope",
    "SecretKind",
    "SecretView",
    "SeedView",
    "SelfService",
    "Severity",
    "SlackLinkBody",
    "SlackLinkView",
    "TokenBody",
    "TokenView",
    "UserCreateBody",
    "UserCreateBodyTags",
    "UserPatch",
    "UserRolesBody",
    "UserRolesBodyRolesItem",
    "UserState",
    "UserView",
    "Verdict",
    "VerificationView",
    "WebhookBody",
    "WebhookBodyEventsItem",
    "WebhookPatch",
    "WebhookPatchEventsType0Item",
    "WebhookView",
    "WhyGrantView",
    "WhyPolicyGrantView",
)
