"""The page on deployment: its commands run as they stand, and its files pass the programs that they are for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from postgresql import execute
from sqlalchemy.engine import URL

# pytest's importlib mode puts no folder of tests on the path.
sys.path.insert(0, str(Path(__file__).parent))
from pages import Ran, run

from gigawatt.interfaces.server.settings import ServerLimits, Settings
from gigawatt.interfaces.server.store import ServerStore

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
PEOPLE, SQLITE, POSTGRESQL = (
    PAGE.partition(f"\n{title}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    for title in ("## People", "### SQLite", "### With PostgreSQL")
)
PROGRAMS = [*map(str, Path("/usr/lib/postgresql").glob("*/bin")), "/usr/sbin"]


def program(name: str) -> str:
    """Where a program is; skips where it is absent."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *PROGRAMS]))
    if found is None:
        pytest.skip(f"no {name} on this machine")
    return found


def check(*words: object) -> None:
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def told(ran: list[Ran]) -> str:
    """What was printed otherwise than the page says."""
    return "\n\n".join(f"{one.code}\n{one.expected}\n-- but --\n{one.printed}" for one in ran if not one.agrees)


@pytest.mark.slow
def test_users_are_added_and_what_sqlite_keeps_is_restored(tmp_path: Path) -> None:
    begun = "```bash\ngigawatt ledger init one-campus\n```\n"
    assert not told(run(begun + PEOPLE + SQLITE, tmp_path, 300))


@pytest.mark.slow
@pytest.mark.postgres
def test_what_postgresql_keeps_is_restored(tmp_path: Path, postgres: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(program("pg_dump")).parent), os.environ["PATH"]]))
    execute(postgres, "CREATE DATABASE gigawatt TEMPLATE template0")
    place = f"postgresql://{postgres.username}@{postgres.host}:{postgres.port}"
    page = re.sub(r"postgresql://gigawatt@/(\w+)\?host=/run/postgresql", rf"{place}/\1", POSTGRESQL)
    begun = (
        f"```bash\ngigawatt ledger init one-campus --database {place}/gigawatt\n"
        f"gigawatt users add ada --role owner --database {place}/gigawatt --data server\n```\n"
    )
    try:
        assert not told(run(begun + page, tmp_path, 300))
    finally:
        for name in ("gigawatt", "restored"):
            execute(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def test_a_backup_of_the_folder_leaves_the_database_and_locks_out(tmp_path: Path) -> None:
    ServerStore(Settings(database=str(tmp_path / "gigawatt.db"), data=tmp_path / "server")).close()
    (tmp_path / "server" / "live").mkdir(exist_ok=True)
    (tmp_path / "server" / "uploads").mkdir(exist_ok=True)
    line = next(line for line in SQLITE.splitlines() if line.startswith("tar -C server"))
    subprocess.run(["bash", "-euc", f"backup=.; {line}"], cwd=tmp_path, check=True)
    held = subprocess.run(["tar", "-tf", "server.tar"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert set(held.split()) == {"./", "./uploads/"}


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    unit = tmp_path / "gigawatt.service"
    text = (DEPLOY / "gigawatt.service").read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/gigawatt/bin/gigawatt", "/bin/true"), encoding="utf-8")
    check(program("systemd-analyze"), "verify", unit)


def test_the_unit_is_as_closed_as_the_page_says() -> None:
    analyze = program("systemd-analyze")
    words = [analyze, "security", "--offline=true", "--threshold=20", str(DEPLOY / "gigawatt.service")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if "unrecognized option" in done.stderr:
        pytest.skip("this systemd rates no unit that is not installed")
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"exposure level for gigawatt.service: (\S+) (\w+)", done.stdout)
    assert found is not None
    assert f'rates it {found[1]} ("{found[2]}")' in PAGE


def test_the_unit_calls_serve_as_it_can_be_called() -> None:
    line = re.search(r"^ExecStart=(.+)$", (DEPLOY / "gigawatt.service").read_text(encoding="utf-8"), re.MULTILINE)
    assert line is not None
    given = {word for word in line[1].split() if word.startswith("--")}
    shown = subprocess.run(
        [sys.executable, "-m", "gigawatt", "serve", "--help"],
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {option for option in given if option not in shown} == set()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of our own, and its key."""
    made, key = folder / "made.pem", folder / "key.pem"
    subject = ["-subj", "/CN=gigawatt.example.org", "-days", "2", "-nodes"]
    check(program("openssl"), "req", "-x509", "-newkey", "rsa:2048", *subject, "-keyout", key, "-out", made)
    return made, key


def nginx(folder: Path) -> Path:
    """A configuration of nginx with our site and everything else in a folder."""
    made, key = certificate(folder)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    site = site.replace("/etc/ssl/certs/gigawatt.example.org.pem", str(made))
    site = site.replace("/etc/ssl/private/gigawatt.example.org.key", str(key))
    kept = "".join(
        f"{name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    text = f"pid {folder / 'pid'}; error_log stderr; events {{}} http {{ access_log off; {kept} {site} }}"
    whole.write_text(text, encoding="utf-8")
    return whole


def test_nginx_takes_its_site(tmp_path: Path) -> None:
    check(program("nginx"), "-t", "-q", "-e", "stderr", "-c", nginx(tmp_path))


def test_caddy_takes_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    check(program("caddy"), "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")


def test_proxies_let_through_what_the_server_takes() -> None:
    limits = ServerLimits()
    for name, unit in (("nginx.conf", "m"), ("Caddyfile", "MB")):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        sizes = [int(size) for size in re.findall(rf"(?:max_body_size|max_size) (\d+){unit}\b", text)]
        assert sorted(sizes) == [limits.body_bytes // 1_000_000, limits.upload_bytes // 1_000_000]
