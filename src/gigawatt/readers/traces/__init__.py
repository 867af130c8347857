"""Request traces of the world as requests that can be served again: Azure's, Mooncake's, BurstGPT's, and plain CSV.

ServeGen's files hold rates of clients in place of requests: `traces.servegen`.
"""

from __future__ import annotations

from gigawatt.readers.traces.forms import KINDS, SERVEGEN, TraceKind, kind_of
from gigawatt.readers.traces.requests import RequestTrace, TraceTally, read_trace, whole

__all__ = ["KINDS", "SERVEGEN", "RequestTrace", "TraceKind", "TraceTally", "kind_of", "read_trace", "whole"]
