"""The ledger's page: what stands, who has approved and who must, plan against actual, facts, and forms that record."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.interfaces.http.conftest import Server
from tests.interfaces.http.pages.kept import keep

from gigawatt.interfaces.http.pages import ledger_forms
from gigawatt.interfaces.server import jobs, people, uploads
from gigawatt.interfaces.server.asked import Caller
from gigawatt.interfaces.server.settings import Settings
from gigawatt.ledger import kinds
from gigawatt.report.document import Document, Paragraph, Section
from gigawatt.study import verbs

Browser = Callable[..., TestClient]
AT = {"fact:site": "example-campus", "fact:at": "2026-03-10"}
SITE = AT | {"kind": "site", "fact:state": "energised", "fact:power": "40 MW", "fact:basis": "facility"}
RACKS = AT | {"kind": "racks", "fact:platform": "gb300", "fact:racks": "250"}
TEST = RACKS | {"kind": "test", "fact:throughput": "1 Mtokens/s", "fact:held": "80 h"}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with a milestone that is met."""
    place = tmp_path_factory.mktemp("book") / "ledger.db"
    verbs.ask("ledger init", "one-campus", database=str(place), as_="root")
    for fields in (SITE, RACKS, TEST):
        asked = ledger_forms.recorded(fields | {"source": "a letter"})
        verbs.ask("ledger record", **asked, database=str(place), as_="root")
    return place


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server whose ledger nobody has made."""
    found = Server(Settings(database=str(tmp_path / "ledger.db"), data=tmp_path / "server"))
    yield found
    found.store.close()


@pytest.fixture
def kept(server: Server, book: Path) -> Server:
    """A server whose ledger has a milestone that is met."""
    shutil.copy(book, server.settings.database)
    return server


def post(client: TestClient, **fields: str) -> Any:
    return client.post("/ledger", data={"csrf": client.csrf, **fields})  # type: ignore[attr-defined]


def milestone(text: str, number: int = 1) -> str:
    """What the page says of a milestone."""
    found = re.search(rf'<li class="way" id="milestone-{number}">.*?(?=<li class="way"|</ul>)', text, re.DOTALL)
    assert found is not None
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_without_a_ledger_an_editor_is_shown_how_to_begin_and_a_viewer_who_can(browser: Browser) -> None:
    found = browser("editor").get("/ledger")
    assert found.status_code == 200
    assert "No ledger has been made yet." in found.text
    assert 'name="do" value="init"' in found.text
    text = browser("viewer").get("/ledger").text
    assert "<select" not in text
    assert "can make one" in text


def test_a_ledger_is_made_with_the_terms_of_a_scenario(browser: Browser) -> None:
    client = browser("editor")
    found = post(client, do="init", scenario="one-campus", test_hours="80 h")
    assert found.status_code == 200
    assert '<section id="done"' in found.text
    assert "Milestone 1: " in client.get("/ledger").text


def test_a_scenario_that_is_none_is_told_at_its_field(browser: Browser) -> None:
    found = post(browser("editor"), do="init", scenario="nowhere", test_hours="a while")
    assert found.status_code == 422
    assert 'id="init-scenario-error"' in found.text
    assert 'value="a while"' in found.text


def test_a_ledger_without_terms_offers_them(browser: Browser) -> None:
    client = browser("editor")
    assert post(client, do="record", source="a letter", **SITE).status_code == 200
    assert 'name="do" value="init"' in client.get("/ledger").text


@pytest.mark.usefixtures("kept")
def test_two_people_approve_each_by_their_own_name_and_the_page_says_who_must(browser: Browser) -> None:
    approver, owner = browser("approver"), browser("owner")
    assert "a person whose role is approver must approve ○ another person" in milestone(approver.get("/ledger").text)
    said = milestone(post(approver, do="approve", milestone="1").text)
    assert "approver has approved" in said
    assert "You have approved it. Somebody else has to." in said
    assert "Approve milestone 1" not in said
    again = post(approver, do="approve", milestone="1")
    assert "nothing was added" in again.text
    assert "Approve milestone 1 as owner" in milestone(owner.get("/ledger").text)
    assert "Say that" in milestone(post(owner, do="approve", milestone="1").text)
    assert "Disbursed: 20" in milestone(post(approver, do="disburse", milestone="1").text)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_whoever_may_not_approve_sees_no_button_and_is_refused(browser: Browser, role: str) -> None:
    client = browser(role)
    assert 'value="approve"' not in client.get("/ledger").text
    found = post(client, do="approve", milestone="1")
    assert found.status_code == 422
    assert "a role of approver or more" in found.text
    assert "has approved" not in milestone(client.get("/ledger").text)


@pytest.mark.usefixtures("kept")
def test_what_is_not_due_is_not_paid_and_the_page_says_why(browser: Browser) -> None:
    found = post(browser("approver"), do="disburse", milestone="1")
    assert found.status_code == 422
    assert "Nothing was changed." in found.text


def test_an_approval_of_what_was_corrected_since_counts_no_more() -> None:
    row = {"number": 1, "milestone_w": 1e7, "amount_usd": 1e6, "met": True, "short_by_w": 0.0, "approved_by": ["Ada"]}
    row |= {"void_approvals": ["ben"], "due": False, "disbursed_usd": None, "disbursed_at": None, "disbursed_by": None}
    mine = Caller(name="ADA", role="approver", door="page")
    (one,) = ledger_forms.releases([row], mine, today=True)
    assert (one.mine, one.may_approve, one.needed_count, one.void) == (True, False, 1, ("ben",))
    other = Caller(name="cleo", role="approver", door="page")
    assert ledger_forms.releases([row], other, today=True)[0].may_approve
    assert not ledger_forms.releases([row], other, today=False)[0].may_approve


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("kind", list(kinds.KINDS))
def test_every_kind_of_fact_has_a_form_with_its_sentences(browser: Browser, kind: str) -> None:
    text = browser("editor").get("/ledger", params={"view": "record", "kind": kind}).text
    for field in ledger_forms.facts_of(kind):
        assert f'name="fact:{field.name}"' in text
        assert field.hint.endswith(".")
    assert f'name="kind" value="{kind}"' in text


@pytest.mark.usefixtures("kept")
def test_what_is_wrong_with_a_fact_is_told_at_each_field_and_nothing_is_lost(browser: Browser) -> None:
    fields = RACKS | {"fact:racks": "-3", "fact:at": "yesterday", "fact:site": '"><script>'}
    found = post(browser("editor"), do="record", source="note", **fields)
    assert found.status_code == 422
    for name in ("racks", "at", "site"):
        assert f'id="record-{name}-error"' in found.text
    for given in ('value="-3"', 'value="yesterday"', 'value="note"', "&#34;&gt;&lt;script&gt;"):
        assert given in found.text
    assert "<script>" not in found.text


@pytest.mark.usefixtures("kept")
def test_a_fact_without_a_document_is_asked_for_it(browser: Browser) -> None:
    found = post(browser("editor"), do="record", **RACKS)
    assert found.status_code == 422
    assert 'id="record-source-error"' in found.text


@pytest.mark.usefixtures("kept")
def test_a_file_that_was_sent_is_offered_as_a_document_and_its_digest_is_kept(browser: Browser) -> None:
    client = browser("editor")
    headers = {"X-CSRF-Token": client.csrf}  # type: ignore[attr-defined]
    sent = client.post("/api/uploads?name=note.pdf", content=b"signed", headers=headers).json()
    page = client.get("/ledger", params={"view": "record"}).text
    assert '<option value="note.pdf">' in page
    assert f'href="/api/uploads/{sent["digest"]}"' in page
    found = post(client, do="record", source="note.pdf", **RACKS | {"fact:racks": "3"})
    assert f"SHA-256 {sent['digest']}" in found.text


def test_files_of_one_name_are_offered_by_their_digests(browser: Browser, kept: Server) -> None:
    ada = Caller(name="editor", role="editor", door="http")
    digests = [uploads.receive(kept.settings, kept.store, ada, "m.csv", [text]).digest for text in (b"1", b"2")]
    text = browser("editor").get("/ledger", params={"view": "record"}).text
    assert all(f'<option value="{digest}">m.csv' in text for digest in digests)


@pytest.mark.usefixtures("kept")
def test_without_a_script_the_form_of_files_says_what_it_needs(browser: Browser) -> None:
    text = browser("editor").get("/ledger", params={"view": "record"}).text
    assert "A page cannot send a file without a script." in text
    assert "<p data-within hidden>" in text
    assert "/static/upload.js?v=" in text


def test_a_file_is_taken_in_as_a_job(browser: Browser, kept: Server) -> None:
    ada = Caller(name="editor", role="editor", door="http")
    uploads.receive(kept.settings, kept.store, ada, "records.csv", [b"kind,at,site,platform,racks\n"])
    client = browser("editor")
    found = post(client, do="import", file="records.csv", kind="records", dry_run="on")
    assert found.status_code == 303
    assert jobs.found(kept.store, found.headers["location"].removeprefix("/jobs/")).verb == "ledger import"
    wrong = post(client, do="import", file="nowhere.csv", kind="records", site="here")
    assert wrong.status_code == 422
    assert 'id="import-file-error"' in wrong.text
    assert 'value="here"' in wrong.text


def test_facts_are_listed_by_kind_and_proven_as_a_job(browser: Browser, kept: Server) -> None:
    client = browser("editor")
    every = client.get("/ledger", params={"view": "facts"}).text
    assert all(word in every for word in ("energised", "racks 250", "has not been proven"))
    assert "energised" not in client.get("/ledger", params={"view": "facts", "of": "racks"}).text.partition("<main")[2]
    found = post(client, do="verify", head="")
    assert jobs.found(kept.store, found.headers["location"].removeprefix("/jobs/")).verb == "ledger verify"
    sections = (
        Section(slug="done", title="Found", parts=(Paragraph(text="Every fact is what it was.", tone="good"),)),
    )
    keep(kept, "ledger verify", Document(title="Proof", sections=sections))
    assert "Every fact is what it was." in client.get("/ledger", params={"view": "facts"}).text


@pytest.mark.usefixtures("kept")
def test_another_day_is_told_as_such_and_offers_nothing_to_do(browser: Browser) -> None:
    text = browser("approver").get("/ledger", params={"at": "2026-03-01"}).text
    assert "This is the ledger of another day." in text
    assert 'value="approve"' not in text
    assert "view=record" not in text
    assert 'name="at" type="text" maxlength="40" value="2026-03-01"' in text


@pytest.mark.usefixtures("kept")
def test_a_moment_that_is_none_is_told_at_its_field(browser: Browser) -> None:
    found = browser("viewer").get("/ledger", params={"view": "facts", "as_of": "soon"})
    assert found.status_code == 422
    assert 'id="as_of-error"' in found.text
    assert 'value="soon"' in found.text
    assert 'name="view" value="facts"' in found.text


@pytest.mark.usefixtures("kept")
def test_without_a_plan_nothing_is_held_against_the_ledger(browser: Browser) -> None:
    text = browser("viewer").get("/ledger", params={"view": "against"}).text
    assert "This server has kept no plan" in text
    other = browser("viewer").get("/ledger", params={"view": "against", "result": "0" * 32})
    assert "the id of a result that is there" in other.text


def test_the_plan_of_the_ledgers_very_scenario_is_held_against_it(
    browser: Browser, kept: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gigawatt.interfaces.http.pages import ledger

    data = browser("viewer").post("/api/verbs/ledger/status", json={}, headers=_token(kept)).json()
    older = keep(kept, "run", Document(title="Older"), hash=data["hash"])
    keep(kept, "run", Document(title="Another"), hash="b" * 64)
    asked: list[Any] = []
    tried = ledger._tried

    async def listen(reader: Any, verb: str, values: Any) -> Any:
        asked.append((verb, values))
        return await tried(reader, verb, values)

    monkeypatch.setattr(ledger, "_tried", listen)
    found = browser("viewer").get("/ledger", params={"view": "against", "at": "2026-09-30"})
    assert found.status_code == 200
    assert ("track reconcile", {"result": older, "at": "2026-09-30"}) in asked


def _token(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {people.issue(server.store, 'viewer', 'viewer').secret}"}


@pytest.mark.parametrize("fields", [{"do": "nothing"}, {}])
def test_a_form_that_asks_for_nothing_is_refused(browser: Browser, fields: dict[str, str]) -> None:
    assert post(browser("editor"), **fields).status_code == 422


@pytest.mark.usefixtures("kept")
def test_a_form_without_its_token_records_nothing(browser: Browser) -> None:
    client = browser("approver")
    assert client.post("/ledger", data={"do": "approve", "milestone": "1"}).status_code == 403
    assert "has approved" not in milestone(client.get("/ledger").text)
