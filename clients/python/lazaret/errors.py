"""Failures that the daemon tells."""

from __future__ import annotations

from typing import Any, Optional


class LazaretError(Exception):
    """A request that failed."""

    def __init__(self, status: int, kind: str, message: str, hint: Optional[str]) -> None:
        super().__init__(message if hint is None else f"{message} ({hint})")
        #: The HTTP status; 0 for a stream that failed after it had begun.
        self.status = status
        #: The class of the failure, such as ``not-found``.
        self.kind = kind
        self.message = message
        self.hint = hint

    @classmethod
    def of(cls, status: int, document: Any) -> LazaretError:
        """The failure that a document of the daemon describes."""
        error = document.get("error") if isinstance(document, dict) else None
        if not isinstance(error, dict):
            return cls(status, "other", f"the daemon answers {status}", None)
        return cls(status, error["kind"], error["message"], error.get("hint"))
