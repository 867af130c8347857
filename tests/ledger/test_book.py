"""The book: appended in order, once, by name; corrected by facts, never changed; the same on both databases."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from plain_reader import retraction, site
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from gigawatt.errors import LedgerError
from gigawatt.ledger import book as books
from gigawatt.ledger import facts
from gigawatt.ledger.facts import GENESIS, Fact
from gigawatt.ledger.proof import verify


def refused(book: Connection, found: Iterable[Fact]) -> str:
    before = books.head(book)
    with pytest.raises(LedgerError) as caught:
        books.append(book, found, "ada")
    assert books.head(book) == before
    return str(caught.value)


def test_facts_are_kept_in_their_order_and_read_back_whole(ledger: URL) -> None:
    found = [site(1 / 3), site(-0.0, 2, source="Brief «Öl» 漢"), site(1e-300, 3)]
    with books.writing(ledger) as book:
        made = books.append(book, found, "Ada Lovelace", authenticated=True)
    with books.reading(ledger) as book:
        kept = list(books.read(book))
        assert kept == made
        assert [entry.fact for entry in kept] == found
        assert [entry.number for entry in kept] == [1, 2, 3]
        assert [entry.previous for entry in kept] == [GENESIS, kept[0].hash, kept[1].hash]
        assert books.head(book) == (3, kept[2].hash)


def test_a_fact_that_is_known_is_not_kept_twice(book: Connection) -> None:
    first, twice = books.append(book, [site(), site()], "ada")
    assert (first is not None, twice) == (True, None)
    assert books.append(book, [site(), site(day=2)], "bob")[0] is None
    assert books.head(book)[0] == 2


def test_a_correction_names_what_it_corrects_and_may_be_corrected_itself(book: Connection) -> None:
    books.append(book, [site()], "ada")
    second = site(2e8, corrects=site().identity)
    books.append(book, [second, site(1e8, corrects=second.identity)], "ada")
    assert books.head(book)[0] == 3


def test_what_is_corrected_is_not_corrected_twice(book: Connection) -> None:
    books.append(book, [site(), site(2e8, corrects=site().identity)], "ada")
    assert "the fact that stands in its place, which is 2" in refused(book, [site(1e8, corrects=site().identity)])
    assert "which is 2" in refused(book, [retraction(site().identity)])


def test_a_correction_of_nothing_or_of_another_kind_is_refused(book: Connection) -> None:
    books.append(book, [site()], "ada")
    assert "a fact of this ledger" in refused(book, [site(corrects="f" * 64)])
    body = {"direction": "in", "item": "debt", "amount_usd": 1.0, "site": ""}
    money = Fact(kind="money", happened=site().happened, body=body, source="x", corrects=site().identity)
    assert "a fact of the kind site, or a retraction" in refused(book, [money])


def test_a_refused_fact_leaves_nothing_of_those_before_it(ledger: URL) -> None:
    with pytest.raises(LedgerError), books.writing(ledger) as book:
        books.append(book, [site(), site(corrects="f" * 64)], "ada")
    with books.reading(ledger) as book:
        assert books.head(book) == (0, GENESIS)


def test_a_retraction_is_final_and_what_holds_after_all_takes_its_place(book: Connection) -> None:
    gone = retraction(site().identity)
    books.append(book, [site(), gone], "ada")
    assert books.append(book, [site()], "ada") == [None]
    assert "what holds after all" in refused(book, [retraction(gone.identity)])
    books.append(book, [site(corrects=gone.identity)], "ada")
    assert books.head(book)[0] == 3


def test_a_disbursement_is_neither_corrected_nor_withdrawn(book: Connection) -> None:
    paid = Fact(kind="disbursement", happened=site().happened, body={"milestone": 1, "amount_usd": 1.0}, source="x")
    books.append(book, [paid], "ada")
    assert "a tranche is paid once" in refused(book, [retraction(paid.identity)])


@pytest.mark.parametrize("name", ["", "  ", "a\x00da", "ada\nbob", "ada\u200b", "\udcff"])
def test_a_name_that_cannot_be_seen_is_refused(book: Connection, name: str) -> None:
    with pytest.raises(LedgerError, match="who"):
        books.append(book, [site()], name)
    assert "source" in refused(book, [site(source=name)])


def test_a_fact_of_the_future_is_refused_and_a_clock_may_run_ahead_by_minutes(book: Connection) -> None:
    now_ms = facts.milliseconds(facts.now())
    assert "what has happened" in refused(book, [replace(site(), happened=facts.moment(now_ms + 400_000))])
    assert books.append(book, [replace(site(), happened=facts.moment(now_ms + 200_000))], "ada")[0] is not None


def test_a_clock_that_is_set_back_makes_nothing_earlier(ledger: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    for day, clock in enumerate(("2026-06-02", "2026-06-01", "2026-06-03"), 1):
        monkeypatch.setattr(facts, "now", lambda clock=clock: f"{clock}T00:00:00.000Z")
        with books.writing(ledger) as book:
            books.append(book, [site(day=day)], "ada")
    with books.reading(ledger) as book:
        assert [entry.recorded[:10] for entry in books.read(book)] == ["2026-06-02", "2026-06-02", "2026-06-03"]
        as_of = [entry.number for entry in books.read(book, as_of="2026-06-02T12:00:00.000Z")]
        assert as_of == [1, 2]
        assert verify(book).ok


def test_facts_are_read_by_kind(book: Connection) -> None:
    books.append(book, [site(), retraction(site().identity)], "ada")
    assert [entry.number for entry in books.read(book, kinds=("retraction",))] == [2]


def test_more_facts_than_a_page_are_read_whole_and_found_by_number_or_hash(book: Connection) -> None:
    made = books.append(book, [site(float(n)) for n in range(1_100)], "ada")
    assert sum(1 for _ in books.read(book)) == 1_100
    last = made[-1]
    assert last is not None
    for name in ("1100", last.hash, last.hash[:12].upper(), last.fact.identity[:20]):
        assert books.identity_of(book, name) == last.fact.identity


@pytest.mark.parametrize(
    "name",
    ["0", "9", "999999999", "²", "٣", "", "%", "________", "abcdefgh", "12345678901234567890", "1; DROP", "é" * 9],
)
def test_a_name_of_no_fact_is_refused(book: Connection, name: str) -> None:
    books.append(book, [site()], "ada")
    with pytest.raises(LedgerError, match="no fact"):
        books.identity_of(book, name)


def test_a_name_of_two_facts_is_refused(book: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fact, "identity", property(lambda fact: f"{'ab' * 30}{fact.body['power_w']:04.0f}"))
    books.append(book, [site(1), site(2)], "ada")
    with pytest.raises(LedgerError, match="more than one"):
        books.identity_of(book, "abababab")


CHANGES = [
    "UPDATE facts SET who = 'eve'",
    "DELETE FROM facts",
    "UPDATE chunks SET total = 0",
    "DELETE FROM chunks WHERE batch = 7",
]


def test_the_database_refuses_to_change_or_remove_what_stands(ledger: URL) -> None:
    with books.writing(ledger) as book:
        books.append(book, [site()], "ada")
        sqlite = book.dialect.name == "sqlite"
        book.execute(_CHUNK)
    more = _REPLACING if sqlite else ["TRUNCATE facts", "TRUNCATE chunks, facts", _UPSERT]
    for change in [*CHANGES[:3], "DELETE FROM chunks", *more]:
        with pytest.raises(OSError, match="only appended to"), books.writing(ledger) as book:
            book.exec_driver_sql(change)
    with books.reading(ledger) as book:
        assert [entry.who for entry in books.read(book)] == ["ada"]


_CHUNK = text(
    "INSERT INTO chunks VALUES (1, 0, 's', 'q', 'u', '', '', '', '', '2026-01', 0, 0, 0, 0, 0, 0, 0, 0, 0, '', '')"
)
_AGAIN = (
    "SELECT {}, kind, happened, body, source, source_sha256, corrects, identity, {}, recorded, 'eve', 0, "
    "previous, hash FROM facts"
)
_REPLACING = [
    f"INSERT OR REPLACE INTO facts {_AGAIN.format('number', 'key')}",
    f"INSERT OR REPLACE INTO facts {_AGAIN.format('2', 'key')}",
    f"REPLACE INTO facts {_AGAIN.format('7', chr(39) + 'new' + chr(39))}",
    "INSERT OR REPLACE INTO chunks SELECT * FROM chunks",
]
_UPSERT = "INSERT INTO facts SELECT * FROM facts ON CONFLICT (number) DO UPDATE SET who = 'eve'"


def test_a_reader_can_write_nothing_on_postgresql(ledger: URL) -> None:
    with books.writing(ledger) as book:
        books.append(book, [site()], "ada")
    with books.reading(ledger) as book:
        if book.dialect.name == "sqlite":
            assert not book.get_execution_options().get("writing")
            return
        with pytest.raises(DBAPIError, match="read-only"):
            book.exec_driver_sql("CREATE TABLE more (number integer)")
