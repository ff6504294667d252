"""Signs requests to a stage's API on AWS (SigV4), for stages that ask for it (`apiAuthorizer: aws_iam`)."""

from __future__ import annotations

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from requests import PreparedRequest
from requests.auth import AuthBase

# https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-use-postman-to-call-api.html
SERVICE = "execute-api"


class Signed(AuthBase):
    """Adds a signature of the caller's, by the usual chain of credentials; safe across threads.

    A stage that asks for none ignores it. The body is signed; of the headers, Host and the date.
    """

    def __init__(self, session: boto3.Session, region: str) -> None:
        """Raises NoCredentialsError when there is nobody to sign for."""
        self._credentials, self._region = session.get_credentials(), region
        if self._credentials is None:
            raise NoCredentialsError

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request that is about to be sent."""
        # A space is %20 in what AWS signs; requests writes "+", and a real plus as %2B.
        request.url = str(request.url).replace("+", "%20")
        signed = AWSRequest(str(request.method), request.url, data=request.body or b"")
        # Frozen for each request: credentials that expire are renewed.
        SigV4Auth(self._credentials.get_frozen_credentials(), SERVICE, self._region).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        return request
