"""What AWS documents of the IAM that Gatehouse uses, one behaviour a line. `tests/test_iam_port*.py` tests each.

Sources: the IAM API Reference (each action's parameters and errors, which botocore's service model repeats) and the
IAM User Guide, "IAM and AWS STS quotas". A new verb or action gets its lines here and a test of the same name.
"""

from typing import NamedTuple


class Behaviour(NamedTuple):
    """One behaviour: the verb of the port or the action called, what is done, and what AWS then says."""

    of: str
    when: str
    aws: str


_CONFLICT = "DeleteConflict, the user stays"
_GROUP_CONFLICT = "DeleteConflict, the group stays"
_TOO_LONG = "ValidationError"

BEHAVIOURS = {
    # Reading.
    "account": Behaviour("account", "asked whose credentials these are", "the account and its partition"),
    "user_missing": Behaviour("user", "there is none of that name", "None"),
    "user_shown": Behaviour("user", "made with a path", "arn:aws:iam::ACCOUNT:user/lab/NAME"),
    "user_tags": Behaviour("user", "made with tags", "the tags"),
    "user_groups": Behaviour("user", "a member of two groups", "both, sorted"),
    "user_devices": Behaviour("user", "MFA not looked at; none; one", "None, False, True"),
    "user_belongings": Behaviour("user", "has one of each", "each named, the group too"),
    "inline_missing": Behaviour("inline", "there is no such user", "None"),
    "inline_shown": Behaviour("inline", "has none; then two, one with a deny", "none, both with hash, size and deny"),
    "inline_names": Behaviour("inline", "asked for the names only", "the names, nothing read"),
    "group_missing": Behaviour("group", "there is none of that name", "None"),
    "group_bare": Behaviour("group", "just made", "no policies"),
    "group_policies": Behaviour("group", "attached and inline policies", "each with hash and deny, sorted"),
    "group_names": Behaviour("group_names", "two were just made", "both, and no other that was not there"),
    "members_missing": Behaviour("members", "there is no such group", "None"),
    "members_none": Behaviour("members", "just made", "nobody"),
    "members_shown": Behaviour("members", "two of three users are in it", "those two"),
    "policy_missing": Behaviour("policy", "there is none of that ARN", "None"),
    "policy_shown": Behaviour("policy", "its document was written with white space", "the canonical hash, no deny"),
    "policy_denying": Behaviour("policy", "a statement denies", "the canonical hash, a deny"),
    "policies_of_aws": Behaviour("policy", "AWS's own that the lab's groups use", "all there"),
    "lists_in_pages": Behaviour("ListGroupsForUser", "MaxItems is 1 and there are 2", "IsTruncated"),
    # Users.
    "create_user": Behaviour("CreateUser", "path, tags and boundary at once", "done, the boundary is kept"),
    "create_user_boundary_missing": Behaviour("CreateUser", "the boundary's policy is not there", "NoSuchEntity"),
    "create_user_taken": Behaviour("CreateUser", "the name is taken", "EntityAlreadyExists"),
    "create_user_taken_in_other_case": Behaviour("CreateUser", "taken in other case", "EntityAlreadyExists"),
    "create_user_name_too_long": Behaviour("CreateUser", "a name of 65 characters", _TOO_LONG),
    "create_user_name_with_a_space": Behaviour("CreateUser", "a space in the name", _TOO_LONG),
    "create_user_path_without_slash": Behaviour("CreateUser", "the path does not end with a slash", _TOO_LONG),
    "create_user_tag_twice": Behaviour("CreateUser", "a tag's key twice", "InvalidInput"),
    "create_user_tag_twice_in_other_case": Behaviour("CreateUser", "a tag's key in two cases", "InvalidInput"),
    "create_user_too_many_tags": Behaviour("CreateUser", "51 tags", "refused, no user"),
    "create_user_beyond_quota": Behaviour("CreateUser", "5000 users are there", "LimitExceeded"),
    "delete_user": Behaviour("DeleteUser", "nothing is left", "done, the user is gone"),
    "delete_user_missing": Behaviour("DeleteUser", "there is no such user", "NoSuchEntity"),
    "delete_user_in_group": Behaviour("DeleteUser", "still in a group", _CONFLICT),
    "delete_user_in_group_then_anew": Behaviour(
        "CreateUser", "the name of a member for whom DeleteUser was called", "EntityAlreadyExists, a member still"
    ),
    "delete_user_with_access_key": Behaviour("DeleteUser", "an access key is left", _CONFLICT),
    "delete_user_with_inline_policy": Behaviour("DeleteUser", "an inline policy is left", _CONFLICT),
    "delete_user_with_attached_policy": Behaviour("DeleteUser", "a policy is attached", _CONFLICT),
    "delete_user_with_device": Behaviour("DeleteUser", "an MFA device is left", _CONFLICT),
    "delete_user_with_login": Behaviour("DeleteUser", "a login profile is left", _CONFLICT),
    "boundary_put": Behaviour("PutUserPermissionsBoundary", "the user has none", "done, shown"),
    "boundary_replaced": Behaviour("PutUserPermissionsBoundary", "the user has another", "done, shown"),
    "boundary_user_missing": Behaviour("PutUserPermissionsBoundary", "there is no such user", "NoSuchEntity"),
    "boundary_policy_missing": Behaviour("PutUserPermissionsBoundary", "there is no such policy", "NoSuchEntity"),
    "move_user": Behaviour("UpdateUser", "to another path", "done, shown there, its groups and boundary kept"),
    "move_user_missing": Behaviour("UpdateUser", "there is no such user", "NoSuchEntity"),
    # Groups.
    "create_group": Behaviour("CreateGroup", "with a path", "done, shown"),
    "create_group_taken": Behaviour("CreateGroup", "the name is taken", "EntityAlreadyExists"),
    "create_group_taken_in_other_case": Behaviour("CreateGroup", "taken in other case", "EntityAlreadyExists"),
    "create_group_taken_in_other_path": Behaviour("CreateGroup", "taken in another path", "EntityAlreadyExists"),
    "create_group_name_too_long": Behaviour("CreateGroup", "a name of 129 characters", _TOO_LONG),
    "create_group_beyond_quota": Behaviour("CreateGroup", "300 groups are there", "LimitExceeded"),
    "delete_group": Behaviour("DeleteGroup", "nothing is left", "done, gone"),
    "delete_group_missing": Behaviour("DeleteGroup", "there is no such group", "NoSuchEntity"),
    "delete_group_with_member": Behaviour("DeleteGroup", "somebody is in it", _GROUP_CONFLICT),
    "delete_group_with_attached_policy": Behaviour("DeleteGroup", "a policy is attached", _GROUP_CONFLICT),
    "delete_group_with_inline_policy": Behaviour("DeleteGroup", "an inline policy is left", _GROUP_CONFLICT),
    "delete_group_policy": Behaviour("DeleteGroupPolicy", "there is one", "done, gone"),
    "delete_group_policy_missing": Behaviour("DeleteGroupPolicy", "there is no such one", "NoSuchEntity"),
    "delete_group_policy_group_missing": Behaviour("DeleteGroupPolicy", "there is no such group", "NoSuchEntity"),
    "add": Behaviour("AddUserToGroup", "not a member yet", "done, seen from both sides"),
    "add_twice": Behaviour("AddUserToGroup", "a member already", "done, seen from both sides"),
    "add_user_missing": Behaviour("AddUserToGroup", "there is no such user", "NoSuchEntity"),
    "add_group_missing": Behaviour("AddUserToGroup", "there is no such group", "NoSuchEntity"),
    "add_beyond_quota": Behaviour("AddUserToGroup", "a member of 10 groups", "LimitExceeded, 10 groups"),
    "remove": Behaviour("RemoveUserFromGroup", "a member", "done, seen from neither side"),
    "remove_non_member": Behaviour("RemoveUserFromGroup", "not a member", "NoSuchEntity"),
    "remove_user_missing": Behaviour("RemoveUserFromGroup", "there is no such user", "NoSuchEntity"),
    "remove_group_missing": Behaviour("RemoveUserFromGroup", "there is no such group", "NoSuchEntity"),
    # Policies.
    "attach": Behaviour("AttachGroupPolicy", "not attached yet", "done, shown once"),
    "attach_twice": Behaviour("AttachGroupPolicy", "attached already", "done, shown once"),
    "attach_group_missing": Behaviour("AttachGroupPolicy", "there is no such group", "NoSuchEntity"),
    "attach_policy_missing": Behaviour("AttachGroupPolicy", "there is no such policy", "NoSuchEntity"),
    "attach_beyond_quota": Behaviour("AttachGroupPolicy", "10 policies are attached", "LimitExceeded, 10 policies"),
    "detach": Behaviour("DetachGroupPolicy", "one of two that are attached", "done, the other one is shown"),
    "detach_not_attached": Behaviour("DetachGroupPolicy", "the policy is there, not attached", "NoSuchEntity"),
    "detach_group_missing": Behaviour("DetachGroupPolicy", "there is no such group", "NoSuchEntity"),
    "detach_policy_missing": Behaviour("DetachGroupPolicy", "there is no such policy", "NoSuchEntity"),
    "create_policy": Behaviour("CreatePolicy", "with a path", "done, shown"),
    "create_policy_taken": Behaviour("CreatePolicy", "the name is taken", "EntityAlreadyExists"),
    "create_policy_taken_in_other_case": Behaviour("CreatePolicy", "taken in other case", "EntityAlreadyExists"),
    "create_policy_taken_in_other_path": Behaviour("CreatePolicy", "taken in another path", "EntityAlreadyExists"),
    "create_policy_no_json": Behaviour("CreatePolicy", "the document is no JSON", "MalformedPolicyDocument"),
    "create_policy_no_statement": Behaviour("CreatePolicy", "no statement in it", "MalformedPolicyDocument"),
    "create_policy_unknown_effect": Behaviour("CreatePolicy", "an effect that is none", "MalformedPolicyDocument"),
    "create_policy_too_large": Behaviour("CreatePolicy", "more than 6144 characters", "LimitExceeded"),
}

_NONE = "NoSuchEntity"
_GONE = "done, gone"
BEHAVIOURS |= {
    # What a user has.
    "belongings_missing": Behaviour("belongings", "there is no such user", "None"),
    "belongings_none": Behaviour("belongings", "just made", "nothing"),
    "belongings_of_each": Behaviour("belongings", "has one of each kind", "each with its id or hash"),
    "belongings_key_inactive": Behaviour("belongings", "one key of two is inactive", "inactive, active"),
    "monitoring_missing": Behaviour("monitoring", "there is no such log group", "not there"),
    "monitoring_none": Behaviour("monitoring", "a log group, and nothing else", "no topic, 0 filters, 0 alarms"),
    "monitoring_made": Behaviour("monitoring", "each call of its plan made", "nothing left, and again nothing"),
    "monitoring_changed": Behaviour(
        "monitoring", "a threshold and a pattern differ", "PutMetricFilter, PutMetricAlarm"
    ),
    "trail_of_nobody": Behaviour("trail", "nobody of that name did anything", "0 changes"),
    "put_filter_missing": Behaviour("monitoring", "PutMetricFilter where there is no log group", "NoSuchEntity"),
    "password_policy_none": Behaviour("password_policy", "the account has no policy", "None"),
    "password_policy_shown": Behaviour("password_policy", "the account's policy asks for 24", "24"),
    "update_password_policy": Behaviour("UpdateAccountPasswordPolicy", "every field", "done, as asked"),
    "update_password_policy_left_out": Behaviour(
        "UpdateAccountPasswordPolicy", "the length alone, where there was all", "done, the rest falls back"
    ),
    "update_password_policy_too_long": Behaviour(
        "UpdateAccountPasswordPolicy", "129 characters at least", "ValidationError"
    ),
    "key_used": Behaviour("key_used", "made; then somebody signed a call with it", "never, then a moment ago"),
    "key_used_missing": Behaviour("key_used", "there is no such key", "None"),
    # The console.
    "create_login": Behaviour("CreateLoginProfile", "to be changed at first sign-in", "done, to be changed"),
    "create_login_twice": Behaviour("CreateLoginProfile", "there is one", "EntityAlreadyExists"),
    "create_login_user_missing": Behaviour("CreateLoginProfile", "there is no such user", _NONE),
    "create_login_too_short": Behaviour("CreateLoginProfile", "a password of 7 characters", "PasswordPolicyViolation"),
    "update_login": Behaviour("UpdateLoginProfile", "to be changed at first sign-in", "done, to be changed"),
    "update_login_missing": Behaviour("UpdateLoginProfile", "there is none", _NONE),
    "update_login_too_short": Behaviour("UpdateLoginProfile", "a password of 7 characters", "PasswordPolicyViolation"),
    "delete_login": Behaviour("DeleteLoginProfile", "there is one", _GONE),
    "delete_login_missing": Behaviour("DeleteLoginProfile", "there is none", _NONE),
    # Access keys.
    "create_key": Behaviour("CreateAccessKey", "there is none", "done, id and secret, shown active"),
    "create_key_user_missing": Behaviour("CreateAccessKey", "there is no such user", _NONE),
    "create_key_beyond_quota": Behaviour("CreateAccessKey", "there are two", "LimitExceeded, 2 keys"),
    "update_key": Behaviour("UpdateAccessKey", "to Inactive and to Active", "done, inactive; done, active"),
    "update_key_missing": Behaviour("UpdateAccessKey", "there is no such key", _NONE),
    "delete_key": Behaviour("DeleteAccessKey", "an active one", _GONE),
    "delete_key_missing": Behaviour("DeleteAccessKey", "there is no such key", _NONE),
    # Devices and other credentials.
    "create_device": Behaviour("CreateVirtualMFADevice", "with a path", "done, with seed and picture, nobody's"),
    "create_device_taken": Behaviour("CreateVirtualMFADevice", "there is one of that name", "EntityAlreadyExists"),
    "enable_device": Behaviour("EnableMFADevice", "with two of its codes", "done, shown with its time, in use"),
    "enable_device_wrong_codes": Behaviour("EnableMFADevice", "with other codes", "InvalidAuthenticationCode"),
    "enable_device_assigned": Behaviour("EnableMFADevice", "somebody has it", "EntityAlreadyExists"),
    "enable_device_missing": Behaviour("EnableMFADevice", "there is no such device", _NONE),
    "devices_missing": Behaviour("devices", "there is no such user", "None"),
    "devices_shown": Behaviour("devices", "none; one", "(), that one"),
    "spare_devices": Behaviour("spare_devices", "one that is used and one that is not", "the second only"),
    "deactivate_device": Behaviour("DeactivateMFADevice", "an assigned one", _GONE),
    "deactivate_device_missing": Behaviour("DeactivateMFADevice", "the user has no such device", _NONE),
    "delete_device": Behaviour("DeleteVirtualMFADevice", "deactivated before", "done, then NoSuchEntity"),
    "delete_device_missing": Behaviour("DeleteVirtualMFADevice", "there is no such device", _NONE),
    "delete_device_assigned": Behaviour("DeleteVirtualMFADevice", "still assigned", "DeleteConflict, still assigned"),
    "delete_certificate": Behaviour("DeleteSigningCertificate", "there is one", _GONE),
    "delete_certificate_missing": Behaviour("DeleteSigningCertificate", "there is no such one", _NONE),
    "delete_ssh_key": Behaviour("DeleteSSHPublicKey", "there is one", _GONE),
    "delete_ssh_key_missing": Behaviour("DeleteSSHPublicKey", "there is no such one", _NONE),
    "delete_service_credential": Behaviour("DeleteServiceSpecificCredential", "there is one", _GONE),
    "delete_service_credential_missing": Behaviour("DeleteServiceSpecificCredential", "there is no such one", _NONE),
    # Policies of a user's own.
    "put_inline": Behaviour("PutUserPolicy", "new, then another document", "done, shown; done, replaced"),
    "put_inline_user_missing": Behaviour("PutUserPolicy", "there is no such user", _NONE),
    "put_inline_malformed": Behaviour("PutUserPolicy", "no statement in it", "MalformedPolicyDocument"),
    "put_inline_too_large": Behaviour("PutUserPolicy", "more than 2048 characters in all", "LimitExceeded"),
    "delete_inline": Behaviour("DeleteUserPolicy", "there is one", _GONE),
    "delete_inline_missing": Behaviour("DeleteUserPolicy", "there is no such one", _NONE),
    "detach_user_policy": Behaviour("DetachUserPolicy", "an attached one", _GONE),
    "detach_user_policy_missing": Behaviour("DetachUserPolicy", "it is not attached", _NONE),
}
BEHAVIOURS |= {
    # The lab's own policies, changed.
    "lab_policy_missing": Behaviour("lab_policy", "there is none of that ARN", "None"),
    "lab_policy_shown": Behaviour(
        "lab_policy", "two versions, the second counts, a group has it", "both versions, the document, the group"
    ),
    "lab_policy_of_a_user": Behaviour("lab_policy", "a user has it, another has it as boundary", "each for itself"),
    "create_version": Behaviour("CreatePolicyVersion", "to count", "done, the new document"),
    "create_version_missing": Behaviour("CreatePolicyVersion", "there is no such policy", _NONE),
    "create_version_malformed": Behaviour("CreatePolicyVersion", "no statement in it", "MalformedPolicyDocument"),
    "create_version_beyond_quota": Behaviour("CreatePolicyVersion", "there are five", "LimitExceeded, 5 versions"),
    "delete_version": Behaviour("DeletePolicyVersion", "one that does not count", "done, the other one is shown"),
    "delete_version_default": Behaviour("DeletePolicyVersion", "the one that counts", "DeleteConflict"),
    "delete_version_missing": Behaviour("DeletePolicyVersion", "there is no such version", _NONE),
    "delete_policy": Behaviour("DeletePolicy", "attached to nothing, one version", _GONE),
    "delete_policy_missing": Behaviour("DeletePolicy", "there is none", _NONE),
    "delete_policy_attached": Behaviour("DeletePolicy", "a group has it", "DeleteConflict, it stays"),
    "delete_policy_with_versions": Behaviour("DeletePolicy", "another version is left", "DeleteConflict, it stays"),
    "delete_policy_of_a_boundary": Behaviour("DeletePolicy", "it is a user's boundary", "DeleteConflict, it stays"),
}
