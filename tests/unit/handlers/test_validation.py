"""The calls of every function are validated in their tests, those too that a function sends without."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ParamValidationError

from shared.aws import client


@pytest.mark.parametrize("validate", [True, False])
def test_a_call_that_botocore_would_refuse_is_refused_here(stage: Any, validate: bool) -> None:
    with pytest.raises(ParamValidationError, match="TableName"):
        client("dynamodb", validate=validate).get_item(Key={})
