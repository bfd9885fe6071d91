"""Logs: one JSON object per line on standard error; readable lines in the sandbox; nothing in the test suite.

Ours (``structlog.get_logger()``) and those of libraries (``logging``) take the same path and end in the same shape,
with whatever ``structlog.contextvars`` has bound. Credentials are struck out on the way, by key and by look.
"""

from __future__ import annotations

import logging
import logging.config
import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

STRUCK = "[redacted]"

_SECRET_KEY = re.compile(
    r"authorization|token|secret|passw|passphrase|credential|cookie|api_?key|publishable_key|private_key"
    r"|encryption_key|ticket|verifier"
)
# What credentials look like inside a text; only the first group, which says what it was, is kept.
_SECRET_TEXT = re.compile(
    r"""( authorization\W{1,6}\w+[ ]                        # a header, also as part of a printed mapping
        | bearer[ ](?=\S{16})
        | mesh_pub_[a-z0-9]{1,32}_[a-z0-9]{1,64}_
        | eyJ(?=[\w-]{10,500}\.eyJ)                        # a JSON Web Token
        | ://[^\s/:@]{0,255}:(?=[^\s/@]{0,255}@)           # the password in a URL
        ) [^\s"'@,;]+""",
    re.IGNORECASE | re.VERBOSE,
)
_DEEPEST = 8  # levels of nesting that are still read


def configure(mode: str) -> None:
    """Set up both logging systems for a mode of the settings: "production", "sandbox" or "test"."""
    structlog.configure(
        processors=[
            *_facts(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    outlet = {"class": "logging.NullHandler"} if mode == "test" else {"class": "logging.StreamHandler"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"ours": {"()": formatter, "mode": mode}},
            "handlers": {"ours": {**outlet, "formatter": "ours"}},
            "filters": {"callers": {"()": lambda: callers_fault}},
            "root": {"handlers": ["ours"], "level": "INFO"},
            "loggers": {
                # A line for every Celery message would drown the one wide line that each attempt writes.
                **{name: {"level": "WARNING"} for name in ("celery.app.trace", "celery.worker.strategy")},
                "django.request": {"filters": ["callers"]},
            },
        }
    )
    logging.captureWarnings(capture=mode == "production")  # else a warning would be the one line that is not JSON


def callers_fault(record: logging.LogRecord) -> bool:
    """A filter that drops nothing: what the caller did wrong is no warning to the operator."""
    if 400 <= getattr(record, "status_code", 0) < 500:
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


def formatter(mode: str) -> logging.Formatter:
    """Renders the records of both systems."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_facts(), structlog.stdlib.ExtraAdder(allow=["status_code"])],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Text from here on: the redaction reads it, and no renderer adds the local variables of each frame.
            structlog.processors.format_exc_info,
            redact,
            _renderer(mode),
        ],
    )


def redact(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Strike out what is called like a credential, at any depth, and what looks like one in any text."""
    return {str(key): _redacted(str(key), value, depth=0) for key, value in event.items()}


def _redacted(key: str, value: Any, *, depth: int) -> Any:
    if _is_secret(key):
        return STRUCK
    if isinstance(value, str):
        return _told(str(value))
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == _DEEPEST:
        return "[too deep]"
    if isinstance(value, Mapping):
        return {str(name): _redacted(str(name), inner, depth=depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted("", inner, depth=depth + 1) for inner in value]
    return _told(str(value))


def _told(text: str) -> str:
    """Every alternative of the pattern holds one of these signs, and looking for them first is many times faster."""
    lower = text.lower()
    if "://" in lower or "eyj" in lower or "bearer " in lower or "authorization" in lower or "mesh_pub_" in lower:
        return _SECRET_TEXT.sub(rf"\1{STRUCK}", text)
    return text


@lru_cache(maxsize=1_000)
def _is_secret(key: str) -> bool:
    return bool(_SECRET_KEY.search(key.lower().replace("-", "_")))


def _facts() -> list[Processor]:
    """What every line says besides its event."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _renderer(mode: str) -> Processor:
    if mode == "production":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
