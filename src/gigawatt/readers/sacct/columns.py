"""The columns of `sacct -P`: which there are, what they look like, and which of them a dump needs.

A field that holds what people write (a job's name, its comment) may hold the sign between columns, and line ends. All
others have a known form, by which the columns of such a row are found again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gigawatt.errors import CatalogError, Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class CellForm:
    """What the cells of a column look like."""

    pattern: re.Pattern[str]
    what: str
    signs: str = ""
    """Signs within a cell that somebody may have chosen to stand between columns too."""
    names: str
    """Columns of this form, in the spelling of sacct."""

    def fits(self, cell: str) -> bool:
        """Whether a cell looks like this."""
        return self.pattern.fullmatch(cell) is not None


_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?|\d+|Unknown|None|N/A"
_DURATION = r"-?(?:\d+-)?\d+:\d\d(?::\d\d)?(?:\.\d+)?|INVALID|UNLIMITED|Partition_Limit|"
_AMOUNT = r"[^\s=,]+=[^\s=,]+"
_ANY = re.compile(r"[^\n]*")
_JOB = r"\d+(?:_(?:\d+|\[[^\s\]]*\]?))?(?:\+\d+)?(?:\.[\w+]+)?"

FORMS = (
    CellForm(pattern=re.compile(_JOB, re.ASCII), what="a job's id", signs="_[]-,%:.+", names="JobID JobIDRaw"),
    CellForm(
        pattern=re.compile(_TIME, re.ASCII),
        what="a time such as 2026-01-31T00:15:00 or seconds since 1970",
        signs="-:T Z+.",
        names="Eligible End Start Submit",
    ),
    CellForm(
        pattern=re.compile(_DURATION, re.ASCII),
        what="a duration such as 1-00:15:00",
        signs="-:.",
        names="AveCPU CPUTime Elapsed MinCPU Planned PlannedCPU Reserved ResvCPU Suspended SystemCPU Timelimit "
        "TotalCPU UserCPU",
    ),
    CellForm(
        pattern=re.compile(r"-?\d*(?:\.\d+)?[KMGTPEZ]?[cn]?", re.ASCII),
        what="a number",
        signs="-.",
        names="AllocCPUS AllocNodes AssocID ConsumedEnergy ConsumedEnergyRaw CPUTimeRAW DBIndex ElapsedRaw GID NCPUS "
        "NNodes NTasks PlannedCPURAW ReqCPUS ReqMem ReqNodes ReservationId Restarts ResvCPURAW UID",
    ),
    CellForm(pattern=re.compile(r"[A-Z][A-Z_]*\+?(?: by \S+)?"), what="a job's state", signs="_+ ", names="State"),
    CellForm(
        pattern=re.compile(r"(?:\d+:\d+)?", re.ASCII),
        what="an exit code and a signal",
        signs=":",
        names="DerivedExitCode ExitCode",
    ),
    CellForm(
        pattern=re.compile(rf"(?:{_AMOUNT}(?:,{_AMOUNT})*)?", re.ASCII),
        what="amounts such as cpu=8,gres/gpu=2",
        signs="=,/:._-+",
        names="AllocTRES ReqTRES TRESUsageInAve TRESUsageInMax TRESUsageInMaxNode TRESUsageInMaxTask TRESUsageInMin "
        "TRESUsageInMinNode TRESUsageInMinTask TRESUsageInTot TRESUsageOutAve TRESUsageOutMax TRESUsageOutMaxNode "
        "TRESUsageOutMaxTask TRESUsageOutMin TRESUsageOutMinNode TRESUsageOutMinTask TRESUsageOutTot",
    ),
    CellForm(
        pattern=re.compile(r"[^\n=]*"),
        what="names",
        signs=",[]-",
        names="FailedNode Flags NodeList Partition QOSREQ",
    ),
    CellForm(
        pattern=_ANY,
        what="a name",
        names="Account AveCPUFreq AveDiskRead AveDiskWrite AvePages AveRSS AveVMSize BlockID Cluster Exclusive Group "
        "Layout MaxDiskRead MaxDiskReadNode MaxDiskReadTask MaxDiskWrite MaxDiskWriteNode MaxDiskWriteTask MaxPages "
        "MaxPagesNode MaxPagesTask MaxRSS MaxRSSNode MaxRSSTask MaxVMSize MaxVMSizeNode MaxVMSizeTask MinCPUNode "
        "MinCPUTask OriginalSLUID OverSubscribe Priority QOS QOSRAW ReqCPUFreq ReqCPUFreqGov ReqCPUFreqMax "
        "ReqCPUFreqMin SegmentSize SLUID TimelimitRaw User WCKeyID",
    ),
    CellForm(pattern=re.compile(""), what="the end of the row", names=""),
)
# Free text; a column that no release has had so far is taken for such, too.
FREE = (
    "AdminComment Comment Constraints Container Extra JobName Licenses McsLabel Reason ReqReservation Reservation "
    "StdErr StdIn StdOut SubmitLine SystemComment WCKey WorkDir"
)
# What readings are made of; one of each line has to be there.
NEEDED = (("JobIDRaw", "JobID"), ("Start",), ("End", "ElapsedRaw", "Elapsed"), ("State",), ("AllocTRES",))
USED = (*(name for names in NEEDED for name in names), "Account", "Cluster", "Suspended", "ConsumedEnergyRaw")
USED += ("ConsumedEnergy", "Restarts")
# What to ask sacct for. It refuses all where one field is unknown to its release: Restarts came with LATER_RELEASE.
FIELDS = "JobID,JobIDRaw,Cluster,Account,State,Start,End,ElapsedRaw,Suspended,AllocTRES,ConsumedEnergyRaw"
LATER_FIELDS = f"{FIELDS},Restarts"
LATER_RELEASE = "24.11"
COMMAND = f"SLURM_TIME_FORMAT=%s sacct -a -X -D -P -S START -E END -o {FIELDS}"
# Columns that no release before that one has.
_LATER_NAMES = ("Exclusive", "OriginalSLUID", "OverSubscribe", "ReqReservation", "Restarts", "SegmentSize", "SLUID")

_FORM_OF = {name.lower(): form for form in FORMS for name in form.names.split()}
_KNOWN = {*_FORM_OF, *FREE.lower().split()}
_FIRST_NAMES = re.compile(r"([A-Za-z]+)([^A-Za-z]+)(?=[A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class SacctHeader:
    """The first line of a dump, and what it says of the rows below it."""

    text: str
    delimiter: str
    names: tuple[str, ...]
    """Of the columns, as the file spells them."""
    forms: tuple[CellForm | None, ...]
    """Of the columns; None for free text."""
    several: tuple[bool, ...]
    """Of the columns: whether a cell may hold the delimiter."""
    used: Mapping[str, int]
    """The place of each of `USED` that there is."""

    tests: tuple[tuple[int, Callable[[str], object]], ...]
    """Place of each column whose cells not every single line fits, and what finds whether one does."""
    signs_count: int
    """How many delimiters a row has that holds none in its cells."""
    firm_count: int
    """How many columns at the front cannot hold the delimiter."""


def header_of(text: str, file: str) -> SacctHeader:
    """The header of a dump. Raises CatalogError where it is none, columns are padded, or some that are needed lack."""
    found = _FIRST_NAMES.match(text)
    delimiter = found[2] if found else ""
    names = tuple(text.split(delimiter)) if delimiter else (text,)
    if not any(name.strip().lower() in _KNOWN for name in text.split(delimiter or None)):
        _refuse(file, f'"{text[:60]}" in place of a header', "the names of columns, which -n leaves out")
    if delimiter.isspace() and delimiter != "\t":
        _refuse(file, "columns padded with blanks, and cut", "columns with a sign between them, which -P makes")
    places = {name.lower(): place for place, name in reversed([*enumerate(names)])}
    lacking = [words for words in NEEDED if not any(word.lower() in places for word in words)]
    if lacking:
        each = ", ".join(f"{word} (or {', '.join(others)})" if others else word for word, *others in lacking)
        fields = LATER_FIELDS if any(name.lower() in places for name in _LATER_NAMES) else FIELDS
        _refuse(file, f"no column {each}", "all that is needed", fields)
    forms = tuple(_form(name) for name in names)
    several = tuple(form is None or bool({*form.signs} & {*delimiter}) for form in forms)
    used = {name: places[name.lower()] for name in USED if name.lower() in places}
    return SacctHeader(
        text=text,
        delimiter=delimiter,
        names=names,
        forms=forms,
        several=several,
        used=used,
        tests=tuple((n, form.pattern.fullmatch) for n, form in enumerate(forms) if form and form.pattern is not _ANY),
        signs_count=len(names) - 1,
        firm_count=[*several, True].index(True),
    )


def _form(name: str) -> CellForm | None:
    """The form of a column; a row of `sacct -p` ends in a delimiter, behind which stands nothing."""
    return _FORM_OF.get(name.strip().lower()) if name else FORMS[-1]


def _refuse(file: str, given: str, expected: str, fields: str = FIELDS) -> None:
    expected = f"{expected}: `{COMMAND.replace(FIELDS, fields)}`"
    raise CatalogError([Fault(path=f"{file} line 1", given=given, expected=expected)])
