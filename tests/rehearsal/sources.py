"""What a bake fetches that is not a package: the application's repository, and gems."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .network import Outside

STANDIN = Path(__file__).parent / "standin"
_GEM_PORT = 8808


@dataclass(frozen=True)
class Sources:
    """Where the application and its gems come from: each an address, or a folder of the host.

    ``version`` is the tag of the application. No gem source: the Gemfile's own.
    """

    repository: str
    version: str
    gems: str

    @classmethod
    def chosen(cls, version: str, standin: Path = STANDIN) -> Sources:
        """What DIASPORA_REPOSITORY and GEM_SOURCE name; a stand-in and the internet otherwise."""
        return cls(
            repository=os.environ.get("DIASPORA_REPOSITORY") or str(standin),
            version=os.environ.get("DIASPORA_VERSION") or version,
            gems=os.environ.get("GEM_SOURCE", ""),
        )

    def contents(self) -> list[str | Path]:
        """What of this an image depends on, wherever on the host it lies."""
        # Gems are named by the lock of the repository: where they come from changes nothing.
        if _is_address(self.repository):
            return [self.repository, self.version]
        folder = Path(self.repository)
        return [_commit(folder, self.version) if _is_repository(folder) else folder, self.version]

    @contextmanager
    def served(self, folder: Path, outside: Outside) -> Iterator[dict[str, str]]:
        """Serve what is a folder to the guest; gives Packer's variables for these sources."""
        repository, gems = self.repository, self.gems
        servers: list[subprocess.Popen[bytes] | http.server.ThreadingHTTPServer] = []
        if not _is_address(repository):
            _make_repository(Path(repository), folder / "git" / "diaspora.git", self.version)
            servers.append(_serve_git(folder / "git", outside))
            repository = f"git://{outside.ADDRESS}/diaspora.git"
        if gems and not _is_address(gems):
            servers.append(_serve_files(Path(gems), outside))
            gems = f"http://{outside.ADDRESS}:{_GEM_PORT}"
        try:
            yield {
                "diaspora_repository": repository,
                "diaspora_version": self.version,
                "gem_source": gems,
            }
        finally:
            for server in servers:
                server.kill() if isinstance(server, subprocess.Popen) else server.shutdown()


def _is_address(text: str) -> bool:
    return "://" in text


def _is_repository(folder: Path) -> bool:
    return (folder / ".git").exists() or (folder / "HEAD").exists()


def _commit(repository: Path, version: str) -> str:
    git = ["git", "-c", "safe.directory=*", "-C", str(repository)]
    command = [*git, "rev-parse", "--verify", f"{version}^{{commit}}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _make_repository(source: Path, target: Path, version: str) -> None:
    """A bare repository that holds the version: a copy of a repository, or made of plain files."""
    git = ["git", "-c", "user.name=rehearsal", "-c", "user.email=rehearsal@example.org"]
    if _is_repository(source):
        # Objects are shared with the source: one that lacks some is served all the same.
        _git(*git, "clone", "--quiet", "--bare", "--shared", str(source), str(target))
        return
    _git(*git, "init", "--quiet", "--bare", str(target))
    there = [*git, f"--git-dir={target}", f"--work-tree={source}"]
    _git(*there, "add", "--all", "--force", ".")
    _git(*there, "commit", "--quiet", "--message", version)
    _git(*there, "tag", version)


def _git(*command: str) -> None:
    subprocess.run(command, check=True)


def _serve_git(folder: Path, outside: Outside) -> subprocess.Popen[bytes]:
    with outside.gateway.inside():
        return subprocess.Popen(
            [
                *("git", "-c", "safe.directory=*", "daemon", "--export-all", "--reuseaddr"),
                *(f"--listen={outside.ADDRESS}", f"--base-path={folder}", str(folder)),
            ],
            stderr=subprocess.DEVNULL,
        )


def _serve_files(folder: Path, outside: Outside) -> http.server.ThreadingHTTPServer:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: there are hundreds of gems."""

    with outside.gateway.inside():
        server = http.server.ThreadingHTTPServer((outside.ADDRESS, _GEM_PORT), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
