"""The form of a trace is told by its first line; what a header lacks is named, with what may be meant."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gigawatt.errors import Fault
from gigawatt.readers.traces import kind_of, read_trace

Write = Callable[..., Path]
Refused = Callable[[Callable[[], object]], tuple[Fault, ...]]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("azure_2023.csv", "azure"),
        ("azure_2024.csv", "azure"),
        ("burstgpt_1.csv", "burstgpt"),
        ("burstgpt_3.csv", "burstgpt"),
        ("mooncake.jsonl", "mooncake"),
        ("own.csv", "requests"),
        ("servegen/chunk-2-trace.csv", "servegen"),
    ],
)
def test_a_kind_is_told_by_the_first_line(files: Path, name: str, kind: str) -> None:
    assert kind_of(files / name) == kind


def test_a_table_of_client_rates_is_no_trace_of_requests(files: Path, trace: Write, refused: Refused) -> None:
    for path in (trace("t,rate,cv,dist,p1,p2,category,model,client"), files / "servegen/chunk-10-trace.csv"):
        assert kind_of(path) == "servegen"
        (fault,) = refused(lambda path=path: read_trace(path))
        assert fault.given == "rates of ServeGen's clients, which are no requests"


@pytest.mark.parametrize(
    ("header", "path", "given", "expected"),
    [
        (
            "timestamp_ms,input_length,output_len",
            "trace.csv line 1",
            "no output_length",
            'timestamp_ms, input_length, output_length; did you mean "output_len"?',
        ),
        (
            "TIMESTAMP,ContextToken,GeneratedTokens",
            "trace.csv line 1",
            "no contexttokens",
            'timestamp, contexttokens, generatedtokens; did you mean "contexttoken"?',
        ),
        (
            "a,b,c",
            "trace.csv line 1",
            "no header of a trace that is known",
            "the columns timestamp_ms, input_length, output_length; timestamp, contexttokens, generatedtokens; "
            "timestamp, request tokens, response tokens",
        ),
        (
            "timestamp_ms;input_length;output_length",
            "trace.csv line 1",
            "semicolons between the columns",
            "",
        ),
        (
            "timestamp_ms,input_length,input_length",
            "trace.csv line 1",
            "the column input_length twice",
            "each column once",
        ),
        ('{"timestamp": 0, "input_length": 5}', "trace.csv line 1", "no output_length", ""),
        ('{"timestamp": 0,', "trace.csv line 1", "Expecting property name", "one object of JSON on each line"),
    ],
)
def test_what_a_first_line_lacks_is_named(
    trace: Write, refused: Refused, header: str, path: str, given: str, expected: str
) -> None:
    (fault,) = refused(lambda: read_trace(trace(header, "1,2,3")))
    assert fault.path == path
    assert fault.given.startswith(given)
    assert fault.expected.startswith(expected)


def test_empty_lines_above_the_header_count(trace: Write, refused: Refused) -> None:
    (fault,) = refused(lambda: read_trace(trace("", "", "timestamp_ms,input_length")))
    assert fault.path == "trace.csv line 3"


@pytest.mark.parametrize("content", ["", "\n\n\n"])
def test_an_empty_file_is_refused(trace: Write, refused: Refused, content: str) -> None:
    (fault,) = refused(lambda: read_trace(trace(content, end="")))
    assert fault.given == "an empty file"


def test_a_header_alone_is_refused(trace: Write, refused: Refused) -> None:
    for header in ("timestamp_ms,input_length,output_length", "TIMESTAMP,ContextTokens,GeneratedTokens"):
        (fault,) = refused(lambda header=header: read_trace(trace(header)))
        assert (fault.path, fault.given) == ("trace.csv", "a header alone")


def test_a_kind_may_be_said(trace: Write, refused: Refused) -> None:
    path = trace("timestamp,input_length,output_length", "1000,5,6", "3000,7,8")
    (fault,) = refused(lambda: read_trace(path))
    assert fault.given == "no timestamp_ms"
    chunk = next(read_trace(path, kind="mooncake").chunks)
    assert chunk.arrival_s.tolist() == [0.0, 2.0]


def test_a_kind_that_there_is_not_is_refused(trace: Write, refused: Refused) -> None:
    (fault,) = refused(lambda: read_trace(trace("a"), kind="mooncaek"))
    assert (fault.path, fault.asked) == ("kind", True)
    assert fault.expected == 'one of requests, azure, mooncake, burstgpt; did you mean "mooncake"?'


def test_lines_of_json_are_not_read_as_a_table(files: Path, refused: Refused) -> None:
    (fault,) = refused(lambda: read_trace(files / "mooncake.jsonl", kind="azure"))
    assert fault.given == "a line of JSON"
