"""A visitor's browser: Chromium without a window, in the visitor's network.

It finds the pod's name at the front and no other name anywhere, and checks the certificate: the
test authority stands among those that it believes. What it complains about is recorded. Chromium
itself would like to ask its makers this and that; such requests are no page's, end as names that
cannot be found, and are in no record.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    WebError,
    sync_playwright,
)

from ..pod import Pod

DESKTOP = {"viewport": {"width": 1280, "height": 800}}
# A telephone says what it is: diaspora* has pages of their own for them.
_PHONE = "Pixel 7"
_PHONE_SIZE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1}
# Playwright asks for most of what keeps Chromium quiet. The host may have a proxy; it is not here.
_FLAGS = ("--disable-gpu", "--disable-quic", "--no-proxy-server")
# URLs that are a request to nobody.
_INSIDE = ("about", "blob", "data")
# How long a page may let somebody wait, in milliseconds.
_PATIENCE = 30_000
# A picture of more bytes than this gets fewer colors.
_MOST = 250_000


@dataclass
class Record:
    """What happened in windows of the browser, in order; queries of URLs are left out.

    ``errors`` has error messages of the console, errors that no script caught, requests that failed
    and answers from 400 on; ``strangers`` what was asked of others than the pod; ``types`` the
    content type of each URL.
    """

    origin: str
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)

    def watch(self, context: BrowserContext) -> None:
        """Record from now on."""
        context.on("console", self._note_message)
        context.on("weberror", self._note_error)
        context.on("request", self._note_request)
        context.on("requestfailed", self._note_failure)
        context.on("response", self._note_answer)

    def _note_message(self, message: ConsoleMessage) -> None:
        lines = {"error": self.errors, "warning": self.warnings}.get(message.type)
        if lines is not None:
            lines.append(f"console at {_short(message.location['url'])}: {message.text}")

    def _note_error(self, error: WebError) -> None:
        self.errors.append(f"not caught at {_short(error.page.url)}: {error.error}")

    def _note_request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in _INSIDE:
            return
        self.requests.append(_line(request))
        if f"{url.scheme}://{url.netloc}" != self.origin:
            self.strangers.append(_line(request))

    def _note_failure(self, request: Request) -> None:
        self.errors.append(f"{request.failure}: {_line(request)}")

    def _note_answer(self, answer: Response) -> None:
        self.types[_short(answer.url)] = answer.headers.get("content-type", "")
        if answer.status >= 400:
            self.errors.append(f"{answer.status}: {_line(answer.request)}")


@dataclass(frozen=True)
class Load:
    """What a page took: ``seconds`` until it was there; what came out of a cache is not counted."""

    requests: int
    bytes: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.requests} requests, {self.bytes / 1000:.0f} kB, {self.seconds:.1f} s"


class Browser:
    """One Chromium, for visits to one pod; ``home`` is its home folder, which it makes."""

    def __init__(self, pod: Pod, home: Path) -> None:
        self.origin = f"https://{pod.front.host}"
        _believe(pod.aws.authority.file, home)
        # Children are in the network in which they were started, and so are theirs.
        with pod.aws.vpc.visitor.inside():
            self._playwright = sync_playwright().start()
        names = f"MAP {pod.front.host} {pod.aws.vpc.FRONT}, MAP * ~NOTFOUND"
        self._chromium = self._playwright.chromium.launch(
            executable_path=_program("chromium"),
            args=[*_FLAGS, f"--host-resolver-rules={names}"],
            env={"HOME": str(home), "LANG": "C.UTF-8", "PATH": os.environ["PATH"]},
        )

    def open(self, record: Record, phone: bool = False) -> Page:
        """A window of somebody who was never here: no cookies, nothing in the cache."""
        device = {**self._playwright.devices[_PHONE], **_PHONE_SIZE} if phone else DESKTOP
        context = self._chromium.new_context(**device, base_url=self.origin, locale="en-US")
        context.set_default_timeout(_PATIENCE)
        record.watch(context)
        return context.new_page()

    def picture(self, page: Page, file: Path, whole: bool = False) -> None:
        """Write what a page shows as PNG; ``whole``: also what one has to scroll to."""
        page.screenshot(path=file, full_page=whole, animations="disabled")
        if file.stat().st_size > _MOST:
            _shrink(file)

    def close(self) -> None:
        """End it."""
        self._chromium.close()
        self._playwright.stop()


def _shrink(file: Path) -> None:
    """Fewer colors: a picture for documentation needs no more."""
    with Image.open(file) as picture:
        colors = picture.convert("RGB")
    fewer = colors.quantize(palette=colors.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)
    fewer.save(file, optimize=True)


def visit(page: Page, path: str) -> Load:
    """Go to a page of the pod; returns once all is there that it asks for."""
    page.goto(path)
    settle(page)
    return Load(**page.evaluate(_LOAD))


def settle(page: Page) -> None:
    """Wait until a page asks for nothing more: who leaves before breaks off requests."""
    page.wait_for_load_state("networkidle")


_LOAD = """() => {
    const sent = performance.getEntries().filter((entry) => entry.transferSize > 0);
    return {
        requests: sent.length,
        bytes: sent.reduce((sum, entry) => sum + entry.transferSize, 0),
        seconds: performance.getEntriesByType("navigation")[0].loadEventEnd / 1000,
    };
}"""


def _line(request: Request) -> str:
    return f"{request.method} {_short(request.url)}"


def _short(url: str) -> str:
    return url.partition("?")[0]


def _program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, f"there is no {name}"
    return found


def _believe(authority: Path, home: Path) -> None:
    """Put an authority where Chromium looks for those that its user added."""
    database = home / ".pki/nssdb"
    database.mkdir(parents=True)
    certutil = (_program("certutil"), "-d", f"sql:{database}")
    subprocess.run([*certutil, "-N", "--empty-password"], check=True)
    subprocess.run([*certutil, *"-A -t C,, -n rehearsal -i".split(), authority], check=True)
