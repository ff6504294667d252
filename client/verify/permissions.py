"""What a deployer must be allowed: an action for each type of resource that a template has."""

from __future__ import annotations

from collections.abc import Iterable

# The action that makes a resource of the type; who may it and not the rest (update, delete, tag) shows in the deploy.
ACTIONS: dict[str, tuple[str, ...]] = {
    "AWS::ApiGateway::Account": ("apigateway:PATCH",),
    "AWS::ApiGateway::ApiKey": ("apigateway:POST",),
    "AWS::ApiGateway::Deployment": ("apigateway:POST",),
    "AWS::ApiGateway::Method": ("apigateway:PUT",),
    "AWS::ApiGateway::Resource": ("apigateway:POST",),
    "AWS::ApiGateway::RestApi": ("apigateway:POST", "apigateway:GET", "apigateway:DELETE"),
    "AWS::ApiGateway::Stage": ("apigateway:PATCH",),
    "AWS::ApiGateway::UsagePlan": ("apigateway:POST",),
    "AWS::ApiGateway::UsagePlanKey": ("apigateway:POST",),
    "AWS::Athena::NamedQuery": ("athena:CreateNamedQuery", "athena:DeleteNamedQuery"),
    "AWS::Athena::WorkGroup": ("athena:CreateWorkGroup", "athena:DeleteWorkGroup"),
    "AWS::Budgets::Budget": ("budgets:ModifyBudget",),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm",),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard",),
    "AWS::DynamoDB::Table": ("dynamodb:CreateTable", "dynamodb:UpdateTable", "dynamodb:DeleteTable"),
    "AWS::EC2::InternetGateway": ("ec2:CreateInternetGateway",),
    "AWS::EC2::Route": ("ec2:CreateRoute",),
    "AWS::EC2::RouteTable": ("ec2:CreateRouteTable",),
    "AWS::EC2::SecurityGroup": ("ec2:CreateSecurityGroup",),
    "AWS::EC2::Subnet": ("ec2:CreateSubnet",),
    "AWS::EC2::SubnetRouteTableAssociation": ("ec2:AssociateRouteTable",),
    "AWS::EC2::VPC": ("ec2:CreateVpc",),
    "AWS::EC2::VPCGatewayAttachment": ("ec2:AttachInternetGateway",),
    "AWS::Events::Rule": ("events:PutRule", "events:PutTargets"),
    "AWS::Glue::Crawler": ("glue:CreateCrawler",),
    "AWS::Glue::Database": ("glue:CreateDatabase",),
    "AWS::Glue::Job": ("glue:CreateJob",),
    "AWS::IAM::Policy": ("iam:PutRolePolicy",),
    "AWS::IAM::Role": ("iam:CreateRole", "iam:PassRole", "iam:DeleteRole"),
    "AWS::KMS::Alias": ("kms:CreateAlias",),
    "AWS::KMS::Key": ("kms:CreateKey",),
    "AWS::Kinesis::Stream": ("kinesis:CreateStream",),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose:CreateDeliveryStream",),
    "AWS::Lambda::EventInvokeConfig": ("lambda:PutFunctionEventInvokeConfig",),
    "AWS::Lambda::EventSourceMapping": ("lambda:CreateEventSourceMapping",),
    "AWS::Lambda::Function": ("lambda:CreateFunction", "lambda:UpdateFunctionCode", "lambda:InvokeFunction"),
    "AWS::Lambda::LayerVersion": ("lambda:PublishLayerVersion",),
    "AWS::Lambda::Permission": ("lambda:AddPermission",),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup",),
    "AWS::Logs::LogStream": ("logs:CreateLogStream",),
    "AWS::Logs::QueryDefinition": ("logs:PutQueryDefinition",),
    "AWS::RedshiftServerless::Namespace": ("redshift-serverless:CreateNamespace",),
    "AWS::RedshiftServerless::Workgroup": ("redshift-serverless:CreateWorkgroup",),
    "AWS::S3::Bucket": ("s3:CreateBucket", "s3:PutObject", "s3:DeleteBucket"),
    "AWS::S3::BucketPolicy": ("s3:PutBucketPolicy",),
    "AWS::SNS::Subscription": ("sns:Subscribe",),
    "AWS::SNS::Topic": ("sns:CreateTopic",),
    "AWS::SNS::TopicPolicy": ("sns:SetTopicAttributes",),
    "AWS::SQS::Queue": ("sqs:CreateQueue",),
    "AWS::SQS::QueuePolicy": ("sqs:SetQueueAttributes",),
    "AWS::Scheduler::Schedule": ("scheduler:CreateSchedule",),
    "AWS::Scheduler::ScheduleGroup": ("scheduler:CreateScheduleGroup",),
    "AWS::SecretsManager::RotationSchedule": ("secretsmanager:RotateSecret",),
    "AWS::SecretsManager::Secret": ("secretsmanager:CreateSecret", "secretsmanager:GetSecretValue"),
    "AWS::StepFunctions::StateMachine": ("states:CreateStateMachine",),
    "AWS::WAFv2::WebACL": ("wafv2:CreateWebACL",),
    "AWS::WAFv2::WebACLAssociation": ("wafv2:AssociateWebACL",),
}
FRAMEWORK = (
    *("cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:DescribeStacks"),
    *("cloudformation:DeleteStack", "cloudformation:DescribeStackEvents", "cloudformation:GetTemplate"),
)


def needed(types: Iterable[str]) -> list[str]:
    """The actions that a deploy of these types of resources takes. Raises KeyError for a type that is not listed."""
    return sorted({*FRAMEWORK, *(action for kind in types for action in ACTIONS[kind])})
