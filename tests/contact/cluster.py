"""A throw-away PostgreSQL server, to be crashed and restarted at will."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

MISSING = "No PostgreSQL server programs here: install Debian's postgresql to run this."


def programs() -> Path | None:
    """The folder with initdb and pg_ctl."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """One server on a port of its own, in a folder of its own."""

    def __init__(self, log_statements: bool = False) -> None:
        programs_folder = programs()
        assert programs_folder, MISSING
        self._programs = programs_folder
        self.folder = Path(tempfile.mkdtemp(prefix="waymark-pg-"))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self._user: str | None = None
        if os.getuid() == 0:  # the server refuses to run as root
            self._user = "postgres"
            shutil.chown(self.folder, self._user)
        self._run("initdb", "--pgdata", self.data, "--username", "waymark", "--auth", "trust", "--encoding", "UTF8")
        port = free_port()
        settings = f"port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder}'\n"
        if log_statements:
            settings += "log_statement = 'all'\nlog_error_verbosity = verbose\n"
        with (self.data / "postgresql.conf").open("a") as config:
            config.write(settings)
        self.url = f"postgresql://waymark@127.0.0.1:{port}/postgres"
        self.start()

    def start(self) -> None:
        self._run("pg_ctl", "start", "--wait", "--pgdata", self.data, "--log", self.log)

    def stop(self, mode: str = "immediate") -> None:
        """Stop; "immediate" is a crash, after which the server recovers from its log."""
        self._run("pg_ctl", "stop", "--wait", "--pgdata", self.data, "--mode", mode)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: object) -> None:
        def become() -> None:
            if self._user:
                account = pwd.getpwnam(self._user)
                os.setgroups([])
                os.setgid(account.pw_gid)
                os.setuid(account.pw_uid)

        command = [str(self._programs / program), *map(str, arguments)]
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", preexec_fn=become
        )
