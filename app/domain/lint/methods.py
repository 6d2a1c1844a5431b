"""The known ways from some permissions to more: which actions each needs. Data, for `escalation`.

Sources: Rhino Security Labs, "AWS IAM Privilege Escalation" (2018 and later), DataDog's pathfinding.cloud, and the
method list of cloudsplaining 0.9.1 (BSD-3-Clause), of which each way stands here once: a way that is another one and
something more is not listed again. Beyond those: taking one's own boundary off, and starting or entering what runs
with a role through SSM, Auto Scaling, Step Functions, Batch and EMR. Names and words are ours.

Rule 13: `ec2-instance-connect:SendSSHPublicKey` is one, the serial console is not.
"""

from dataclasses import dataclass

from app.domain.guardrails import USER_PATH

USERS = "arn:*:iam::*:user/*"
GROUPS = "arn:*:iam::*:group/*"
ROLES = "arn:*:iam::*:role/*"
POLICIES = "arn:*:iam::*:policy/*"
INSTANCES = "arn:*:ec2:*:*:instance/*"
ANYTHING = "*"
ONESELF = ("arn:*:iam::*:user/${aws:username}", "arn:*:iam::*:user/*/${aws:username}")
LAB_ROLES = (f"arn:*:iam::*:role{USER_PATH}*",)


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a way.

    Attributes:
        action: As AWS writes it.
        on: What it has to be allowed on for the way to be open.
        spared: On these it gives nothing more: one's own keys, and roles that the lab made to be passed.
        spares_named: On single things named in full it gives nothing more than whoever named them meant.
    """

    action: str
    on: str = ANYTHING
    spared: tuple[str, ...] = ()
    spares_named: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """One way.

    Attributes:
        name: Stable; the names of its actions.
        steps: All of them have to be allowed.
        gains: What one has afterwards.
    """

    name: str
    steps: tuple[Step, ...]
    gains: str

    @property
    def by_iam(self) -> bool:
        """Whether it goes through IAM itself rather than through something that runs with a role."""
        return self.steps[0].action.startswith("iam:")


def _method(gains: str, *steps: Step) -> Method:
    return Method(" + ".join(step.action for step in steps), steps, gains)


_PASS = Step("iam:PassRole", ROLES, spared=LAB_ROLES)
_SELF = "gives oneself any policy"
_OTHER = "signs in as somebody else"
_ROLE = "gets the permissions of a role"

_BY_IAM = (
    *(
        _method(gains, Step(f"iam:{action}", on))
        for gains, on, actions in (
            (_SELF, POLICIES, "CreatePolicyVersion SetDefaultPolicyVersion"),
            (_SELF, USERS, "AttachUserPolicy PutUserPolicy"),
            (_SELF, GROUPS, "AttachGroupPolicy PutGroupPolicy AddUserToGroup"),
            ("gives any policy to a role", ROLES, "AttachRolePolicy PutRolePolicy"),
            ("lets oneself into any role", ROLES, "UpdateAssumeRolePolicy"),
            ("takes the boundary off", USERS, "DeleteUserPermissionsBoundary PutUserPermissionsBoundary"),
        )
        for action in actions.split()
    ),
    *(
        _method(_OTHER, Step(f"iam:{action}", USERS, spared=ONESELF))
        for action in ("CreateAccessKey", "CreateLoginProfile", "UpdateLoginProfile")
    ),
)

_BY_PASSING = tuple(
    _method(
        f"starts something that runs with any role, and {_ROLE}", _PASS, *(Step(action) for action in with_.split())
    )
    for with_ in (
        "ec2:RunInstances",
        "ec2:RequestSpotInstances",
        "ec2:AssociateIamInstanceProfile",
        "ec2:ReplaceIamInstanceProfileAssociation",
        "autoscaling:CreateLaunchConfiguration autoscaling:CreateAutoScalingGroup",
        "lambda:CreateFunction lambda:InvokeFunction",
        "lambda:CreateFunction lambda:AddPermission",
        "lambda:CreateFunction lambda:CreateEventSourceMapping",
        "lambda:CreateFunction lambda:CreateFunctionUrlConfig",
        "glue:CreateDevEndpoint",
        "glue:CreateJob glue:StartJobRun",
        "glue:CreateJob glue:CreateTrigger",
        "glue:UpdateJob glue:StartJobRun",
        "glue:UpdateJob glue:CreateTrigger",
        "cloudformation:CreateStack",
        "cloudformation:UpdateStack",
        "cloudformation:CreateStackSet cloudformation:CreateStackInstances",
        "cloudformation:UpdateStackSet",
        "datapipeline:CreatePipeline",
        "sagemaker:CreateNotebookInstance",
        "sagemaker:CreateTrainingJob",
        "sagemaker:CreateProcessingJob",
        "codebuild:CreateProject codebuild:StartBuild",
        "codebuild:CreateProject codebuild:StartBuildBatch",
        "ecs:RegisterTaskDefinition ecs:RunTask",
        "ecs:RegisterTaskDefinition ecs:StartTask",
        "ecs:RegisterTaskDefinition ecs:CreateService",
        "ecs:RegisterTaskDefinition ecs:UpdateService",
        "apprunner:CreateService",
        """bedrock-agentcore:CreateCodeInterpreter bedrock-agentcore:StartCodeInterpreterSession
        bedrock-agentcore:InvokeCodeInterpreter""",
        "states:CreateStateMachine states:StartExecution",
        "batch:RegisterJobDefinition batch:SubmitJob",
        "elasticmapreduce:RunJobFlow",
        "ssm:StartAutomationExecution",
    )
)

_BY_ENTERING = (
    *(
        _method(f"enters an instance, and {_ROLE} on it", Step(action, INSTANCES, spares_named=True))
        for action in ("ec2-instance-connect:SendSSHPublicKey", "ssm:SendCommand", "ssm:StartSession")
    ),
    _method(
        f"has an instance run anything at its start, and {_ROLE} on it",
        Step("ec2:ModifyInstanceAttribute", INSTANCES, spares_named=True),
        Step("ec2:StopInstances", INSTANCES, spares_named=True),
        Step("ec2:StartInstances", INSTANCES, spares_named=True),
    ),
    *(
        _method(f"changes what runs already, and {_ROLE} in it", *(Step(a, spares_named=True) for a in actions.split()))
        for actions in (
            "ec2:CreateLaunchTemplateVersion ec2:ModifyLaunchTemplate",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
            "glue:UpdateDevEndpoint",
            "cloudformation:CreateChangeSet cloudformation:ExecuteChangeSet",
            "ecs:ExecuteCommand",
            "sagemaker:CreatePresignedNotebookInstanceUrl",
            """sagemaker:CreateNotebookInstanceLifecycleConfig sagemaker:UpdateNotebookInstance
            sagemaker:StartNotebookInstance""",
            "bedrock-agentcore:StartCodeInterpreterSession bedrock-agentcore:InvokeCodeInterpreter",
        )
    ),
)

METHODS: tuple[Method, ...] = (*_BY_IAM, *_BY_PASSING, *_BY_ENTERING)
"""Every way, those through IAM itself first."""
