"""The real sacctmgr takes what is written for Slurm, twice over, and shows it as it was meant.

It needs slurmdbd and sacctmgr with MariaDB and munge (Debian's slurmdbd, slurm-client and mariadb-server), and skips
where one is absent.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gigawatt.readers.quotas import QuotaTable, parse_slurm
from gigawatt.report.quotas import slurm
from gigawatt.report.quotas.changes import of_rows

pytestmark = pytest.mark.slow

PROGRAMS = ("sacctmgr", "slurmdbd", "mariadbd", "mariadb-install-db", "mariadb", "munged")
SEARCHED = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
WAITED_S = 30.0
TYPES = ("gpu", "gpu:gb300", "gpu:mi455x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slurm:
    """A slurmdbd of this test alone, and its sacctmgr."""

    folder: Path

    def run(self, *words: str) -> str:
        """What a program says, of which nothing may be an error."""
        environment = os.environ | {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": SEARCHED}
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300)
        assert "rror" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done.stdout


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def wait_for(ready: Callable[[], bool], what: str) -> None:
    """Until something is ready; fails where it never is."""
    end = time.monotonic() + WAITED_S
    while not ready():
        assert time.monotonic() < end, f"no {what} after {WAITED_S} s"
        time.sleep(0.1)


def found(program: str) -> str:
    path = shutil.which(program, path=SEARCHED)
    if path is None:
        pytest.skip(f"{program} is not installed: slurmdbd, slurm-client, mariadb-server and munge are needed")
    return path


def started(stack: ExitStack, folder: Path, *words: object) -> subprocess.Popen[bytes]:
    """A program that ends with the test."""
    log = stack.enter_context((folder / "log").open("ab"))
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    process = subprocess.Popen([*map(str, words)], stdout=log, stderr=log, env=environment)
    stack.callback(process.wait, 20)
    stack.callback(process.terminate)
    return process


def configured(folder: Path, user: str, database: int, port: int) -> None:
    """Settings of Slurm's daemon and of its client."""
    munge = folder / "munge.socket"
    daemon = {
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={munge}",
        "DbdHost": "localhost",
        "DbdPort": port,
        "SlurmUser": user,
        "StorageType": "accounting_storage/mysql",
        "StorageHost": "127.0.0.1",
        "StoragePort": database,
        "StorageUser": "slurm",
        "StoragePass": "slurm",
        "StorageLoc": "slurm",
        "PidFile": folder / "slurmdbd.pid",
    }
    client = {
        "ClusterName": "north",
        "SlurmctldHost": "localhost",
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={munge}",
        "AccountingStorageType": "accounting_storage/slurmdbd",
        "AccountingStorageHost": "localhost",
        "AccountingStoragePort": port,
        "AccountingStoragePass": munge,
        "SlurmUser": user,
    }
    for name, values in (("slurmdbd.conf", daemon), ("slurm.conf", client)):
        (folder / name).write_text("".join(f"{key}={value}\n" for key, value in values.items()))
        (folder / name).chmod(0o600)


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """Munge, MariaDB and slurmdbd in a folder, with the types of accelerators that slurmctld would have registered."""
    paths = {program: found(program) for program in PROGRAMS}
    folder = tmp_path_factory.mktemp("slurm")
    folder.chmod(0o755)
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    database, port = free_port(), free_port()
    (folder / "munge.key").write_bytes(os.urandom(128))
    (folder / "munge.key").chmod(0o600)
    configured(folder, user, database, port)
    base = ["--no-defaults", f"--datadir={folder}/db", f"--user={user}"]
    subprocess.run(
        [paths["mariadb-install-db"], *base, "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )
    with ExitStack() as stack:
        names = {"socket": "munge.socket", "key-file": "munge.key", "pid-file": "munge.pid", "seed-file": "munge.seed"}
        options = [f"--{key}={folder}/{name}" for key, name in names.items()]
        started(stack, folder, paths["munged"], "--foreground", "--force", *options)
        own = [f"--socket={folder}/db.socket", f"--pid-file={folder}/db.pid", f"--port={database}"]
        started(stack, folder, paths["mariadbd"], *base, *own, "--bind-address=127.0.0.1")
        wait_for(lambda: answers(database), "MariaDB")

        def sql(text: str) -> None:
            words = [paths["mariadb"], "--no-defaults", f"--socket={folder}/db.socket", "-u", "root", "-e", text]
            subprocess.run(words, check=True, capture_output=True)

        for host in ("localhost", "127.0.0.1"):
            sql(f"create user 'slurm'@'{host}' identified by 'slurm'; grant all on slurm.* to 'slurm'@'{host}'")
        first = started(stack, folder, paths["slurmdbd"], "-D")
        wait_for(lambda: answers(port), "slurmdbd")
        rows = ", ".join(f"(unix_timestamp(), 'gres', '{name}')" for name in TYPES)
        sql(f"insert into slurm.tres_table (creation_time, type, name) values {rows}")
        first.terminate()  # it reads the types when it starts
        first.wait(20)
        started(stack, folder, paths["slurmdbd"], "-D")
        wait_for(lambda: answers(port), "slurmdbd")
        yield Slurm(folder=folder)


def shown(site: Slurm) -> str:
    return site.run("sacctmgr", "-P", "show", "assoc") + site.run("sacctmgr", "-P", "show", "qos")


def test_sacctmgr_takes_the_file_twice_and_shows_what_it_says(site: Slurm, table: QuotaTable) -> None:
    script = site.folder / "quotas.sh"
    script.write_text(slurm.text(table))
    for _ in range(2):
        site.run("sh", str(script))
        assert of_rows(slurm.rows(table), parse_slurm(shown(site))) == []
    (site.folder / "north.cfg").unlink(missing_ok=True)
    site.run("sacctmgr", "-i", "dump", "north", f"file={site.folder}/north.cfg")
    north = [row for row in slurm.rows(table) if row.kind == "account" and row.cluster == "north"]
    assert of_rows(north, parse_slurm((site.folder / "north.cfg").read_text())) == []
    less = replace(table, shares=(replace(table.shares[0], nominal_count=50, ceiling_count=70), *table.shares[1:]))
    assert of_rows(slurm.rows(less), parse_slurm(shown(site))) != []
    script.write_text(slurm.text(less))
    site.run("sh", str(script))
    assert of_rows(slurm.rows(less), parse_slurm(shown(site))) == []
