"""The program's own servers: they keep what they are given, whatever happens to the program or stands in the way."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nats
import psutil
import psycopg
import pytest

from adapters import embedded
from adapters.embedded import DataInUse, EmbeddedServers, ServerFailed

ROOT = Path(__file__).parents[2]

PROGRAM = """
import os, signal, sys
from pathlib import Path
from adapters.embedded import EmbeddedServers
signal.signal(signal.SIGINT, signal.default_int_handler)
with EmbeddedServers(Path(sys.argv[1])) as servers:
    try:
        print(os.getpid(), servers.postgres.pid, servers.nats.pid, flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        print(servers.postgres.pid, servers.nats.pid, flush=True)
"""
"""Starts servers, tells the pids of itself and of them, and stops them when its input ends or at Ctrl-C, to which
whatever a shell starts in the background would be deaf."""


class Program:
    """``PROGRAM`` on a data directory, as another process in a process group of its own."""

    def __init__(self, data: Path, *prefix: str) -> None:
        command = [*prefix, sys.executable, "-c", PROGRAM, str(data)]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdout
        self.pid, *self.servers = map(int, self.process.stdout.readline().split())

    def end(self) -> tuple[int, str]:
        """Let it go on to its end; its exit code and what else it said."""
        said, _ = self.process.communicate(timeout=30)
        return self.process.returncode, said


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after its first start, which takes long and is the same for every test."""
    directory = tmp_path_factory.mktemp("set-up")
    with EmbeddedServers(directory):
        pass
    return directory


@pytest.fixture
def data(set_up: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", set_up, tmp_path / "data"], check=True)
    return tmp_path / "data"


@pytest.fixture(scope="module")
def servers(set_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """As the program has them: the other tests' need not outlive the machine."""
    directory = tmp_path_factory.mktemp("own") / "data"
    subprocess.run(["cp", "-a", set_up, directory], check=True)
    with EmbeddedServers(directory) as running:
        yield running


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody may enter, which pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="mingting-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def keep(servers: EmbeddedServers, word: str) -> None:
    """Store ``word`` in both servers."""

    async def publish() -> None:
        client = await nats.connect(servers.nats_url)
        await client.jetstream().add_stream(name="kept", subjects=["kept"])
        await client.jetstream().publish("kept", word.encode())
        await client.close()

    asyncio.run(publish())
    with psycopg.connect(servers.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT %s::text AS word", [word])


def kept(servers: EmbeddedServers) -> tuple[str, str]:
    """What both servers have stored."""

    async def last() -> str:
        client = await nats.connect(servers.nats_url)
        message = await client.jetstream().get_last_msg("kept", "kept")
        await client.close()
        return (message.data or b"").decode()

    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute("SELECT word FROM kept").fetchone()
    assert row
    return row[0], asyncio.run(last())


def alive(pids: list[int]) -> list[int]:
    """Those of the processes that still run; ended ones may wait for their parent to look."""

    def runs(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return [pid for pid in pids if runs(pid)]


def setting(servers: EmbeddedServers, name: str) -> str:
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
    assert row
    return str(row[0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server_version_num", "18"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("TimeZone", "UTC"),
        ("listen_addresses", ""),
    ],
)
def test_postgres_keeps_its_promises_and_listens_to_no_network(
    servers: EmbeddedServers, name: str, value: str
) -> None:
    assert setting(servers, name).startswith(value)


def test_text_sorts_by_code_point(servers: EmbeddedServers) -> None:
    with psycopg.connect(servers.database_url) as connection:
        query = "SELECT datcollate FROM pg_database WHERE datname = current_database()"
        assert connection.execute(query).fetchone() == ("C",)


def test_nats_refuses_who_does_not_know_the_password(servers: EmbeddedServers) -> None:
    place = urlsplit(servers.nats_url)
    with socket.create_connection((place.hostname, place.port), timeout=5) as stranger:
        stranger.sendall(b'CONNECT {"user": "mingting", "pass": "guess"}\r\nPING\r\n')
        with stranger.makefile() as answers:
            assert "Authorization Violation" in answers.readlines()[-1]


def test_what_was_stored_is_there_after_a_restart(data: Path) -> None:
    with EmbeddedServers(data) as servers:
        keep(servers, "明厅")
    with EmbeddedServers(data) as servers:
        assert kept(servers) == ("明厅", "明厅")


def test_nothing_runs_after_stop_which_may_be_repeated(data: Path) -> None:
    servers = EmbeddedServers(data)
    servers.start()
    postgres, nats_server = (psutil.Process(server.pid) for server in (servers.postgres, servers.nats))
    pids = [process.pid for process in (postgres, nats_server, *postgres.children())]
    servers.stop()
    servers.stop()
    assert len(pids) > 2
    assert alive(pids) == []


def test_one_server_can_be_stopped_and_found_again_at_the_same_place(data: Path) -> None:
    with EmbeddedServers(data) as servers:
        keep(servers, "again")
        places = servers.database_url, servers.nats_url
        for server in (servers.postgres, servers.nats):
            server.stop()
            server.start()
        assert (servers.database_url, servers.nats_url) == places
        assert kept(servers) == ("again", "again")


def test_servers_on_the_usual_ports_are_not_in_the_way(data: Path) -> None:
    with contextlib.ExitStack() as taken:
        for port in (5432, 4222):
            listener = taken.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):  # somebody else has it already, which is as good
                listener.bind(("127.0.0.1", port))
                listener.listen()
        with EmbeddedServers(data) as servers:
            keep(servers, "elsewhere")
            assert kept(servers) == ("elsewhere", "elsewhere")


def test_a_path_longer_than_a_socket_may_have_still_works(
    tmp_path: Path, open_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(open_directory))
    with EmbeddedServers(tmp_path / ("long" * 30) / "data, with ‘signs’ 和汉字") as servers:
        keep(servers, "far")
        assert kept(servers) == ("far", "far")
    assert list(open_directory.iterdir()) == []


def test_servers_of_a_killed_program_are_ended_and_their_data_kept(data: Path) -> None:
    killed = Program(data)
    os.kill(killed.pid, signal.SIGKILL)
    killed.end()
    assert alive(killed.servers) == killed.servers
    with EmbeddedServers(data) as servers:
        assert alive(killed.servers) == []
        keep(servers, "after")
        assert kept(servers) == ("after", "after")


def test_killed_servers_recover_even_while_a_session_goes_on_computing(data: Path) -> None:
    with EmbeddedServers(data) as servers:
        keep(servers, "before")
        with contextlib.closing(psycopg.connect(servers.database_url)) as connection:
            busy = connection.info.backend_pid
            connection.pgconn.send_query(b"DO $$ BEGIN FOR i IN 1..2000000000 LOOP END LOOP; END $$")
            for server in (servers.postgres, servers.nats):
                assert server.pid
                os.kill(server.pid, signal.SIGKILL)
            servers.stop()
    with EmbeddedServers(data) as servers:
        assert alive([busy]) == []
        assert kept(servers) == ("before", "before")


def test_a_process_that_inherited_a_recorded_pid_is_left_alone(data: Path) -> None:
    with EmbeddedServers(data) as servers:
        keep(servers, "mine")
    with subprocess.Popen(["sleep", "60"]) as innocent:
        for pid_file in ("postgres/postmaster.pid", "nats/nats.pid"):
            (data / pid_file).write_text(f"{innocent.pid}\n")
        with EmbeddedServers(data) as servers:
            assert kept(servers) == ("mine", "mine")
        assert innocent.poll() is None
        innocent.kill()


def test_a_second_program_is_told_who_has_the_data(data: Path) -> None:
    first = Program(data)
    with pytest.raises(DataInUse, match=f"pid {first.pid};"):
        EmbeddedServers(data).start()
    assert alive(first.servers) == first.servers
    assert first.end() == (0, "")
    with EmbeddedServers(data):
        pass


def test_ctrl_c_reaches_the_program_and_not_its_servers(data: Path) -> None:
    program = Program(data)
    os.killpg(program.pid, signal.SIGINT)
    assert program.end() == (0, "{} {}\n".format(*program.servers))
    assert alive(program.servers) == []


def test_a_failed_start_shows_the_log_and_leaves_nothing_running(data: Path) -> None:
    with EmbeddedServers(data):
        pass
    (data / "postgres/global/pg_control").unlink()
    servers = EmbeddedServers(data)
    with pytest.raises(ServerFailed, match=r"(?s)ended with code 2.*could not find the database system"):
        servers.start()
    assert servers.postgres.pid is None
    with pytest.raises(ServerFailed):  # and not DataInUse
        servers.start()


def test_a_first_start_that_is_given_up_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "START_SECONDS", 0.1)
    with pytest.raises(ServerFailed, match="initdb ended with code -9"):
        EmbeddedServers(tmp_path).start()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    at_work = [found.info["cmdline"] or [] for found in psutil.process_iter(["cmdline"])]
    assert not [line for line in at_work if any(str(tmp_path) in word for word in line)]


def test_when_nats_cannot_start_postgres_is_stopped_again(data: Path) -> None:
    shutil.rmtree(data / "nats/jetstream")
    (data / "nats/jetstream").write_text("not a directory")
    servers = EmbeddedServers(data)
    with pytest.raises(ServerFailed, match=r"(?s)nats-server ended.*not a directory"):
        servers.start()
    assert servers.postgres.pid is None


def test_servers_never_run_as_root_and_closed_directories_stay_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedServers(closed / "data") as servers:
        users = {psutil.Process(pid).uids().real for pid in (servers.postgres.pid, servers.nats.pid)}
    assert closed.stat().st_mode & 0o777 == 0o700
    assert users == {os.geteuid() or pwd.getpwnam("nobody").pw_uid}


def test_an_ordinary_user_can_run_them(open_directory: Path) -> None:
    prefix: list[str] = []
    user = pwd.getpwuid(os.geteuid())
    if user.pw_uid == 0:
        user = pwd.getpwnam("nobody")
        os.chown(open_directory, user.pw_uid, user.pw_gid)
        prefix = become(user)
    program = Program(open_directory / "data", *prefix)
    assert {psutil.Process(pid).uids().real for pid in program.servers} == {user.pw_uid}
    assert {path.stat().st_uid for path in (open_directory / "data").iterdir()} == {user.pw_uid}
    assert program.end() == (0, "")
    assert alive(program.servers) == []


def become(user: pwd.struct_passwd) -> list[str]:
    """How root runs Python as ``user``, who is let past root's own directories if the interpreter lies there."""
    plain = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    ways = [plain]
    for right in ("dac_read_search", "dac_override"):
        let_past = f"--inh-caps=+{right} --ambient-caps=+{right} --securebits=+no_setuid_fixup"
        ways.append([*plain, *let_past.split()])
    trial = [sys.executable, "-c", "import adapters.embedded"]
    return next(way for way in ways if subprocess.call([*way, *trial], cwd=ROOT) == 0)
