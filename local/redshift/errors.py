"""Errors as AWS words them: one class for the API's, one for those of a SQL statement."""

from __future__ import annotations

from http import HTTPStatus

from local.redshift.sqlstates import sqlstate_of


class ApiError(Exception):
    """An answer other than 200: `code` is the exception's name in the service model."""

    def __init__(self, code: str, message: str, status: int = HTTPStatus.BAD_REQUEST, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = int(status)
        self.members = members


def validation(message: str) -> ApiError:
    return ApiError("ValidationException", message)


def not_found(message: str, resource: str) -> ApiError:
    return ApiError("ResourceNotFoundException", message, ResourceId=resource)


class SqlError(Exception):
    """A statement that fails: its text becomes DescribeStatement's Error, which Redshift begins with ERROR."""

    sqlstate = ""  # of a class of errors

    def __init__(self, message: str, sqlstate: str = "") -> None:
        """Without a SQLSTATE of its own or of its class, the message decides."""
        super().__init__(message if message.startswith(("ERROR: ", "FATAL: ")) else f"ERROR: {message}")
        self.sqlstate = sqlstate or type(self).sqlstate or sqlstate_of(message)


class NotSupported(SqlError):
    """Redshift may well run the statement, the embedded warehouse does not: `what` is the construct."""

    def __init__(self, what: str) -> None:
        super().__init__(f"not supported by the embedded warehouse: {what}", "0A000")


class Cancelled(Exception):
    """The statement was cancelled by CancelStatement, or the server is stopping."""
