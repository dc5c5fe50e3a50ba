"""The fixtures that stories are written with; README.md beside this file tells how."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from . import older, report, seconds
from .applications import Application, application_of
from .aws import Aws
from .bake import ROOT, Image, bake
from .figures import Figures
from .isolation import RUN
from .log import say
from .pod import Pod, PodMachine, Pods
from .stack import TEMPLATE

_FAILED = pytest.StashKey[bool]()
_FIGURES = pytest.StashKey[Figures]()
_IMAGE = pytest.StashKey[Image]()
_COMMIT = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run ends with that was green: a report by its name, and the seconds of connections."""
    parser.addoption("--report", choices=sorted(report.PAGES), help="write this report")
    parser.addoption("--seconds", action="store_true", help=f"write {seconds.FILE.name}")


def pytest_configure(config: pytest.Config) -> None:
    """Start with nothing measured."""
    config.stash[_COMMIT] = report.commit() if config.getoption("--report") else ""
    config.stash[_FIGURES] = Figures(Path(os.environ.get(RUN, ".")) / "screenshots")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write what a green run was asked for."""
    config = session.config
    if exitstatus != pytest.ExitCode.OK:
        return
    if name := config.getoption("--report"):
        image = config.stash[_IMAGE]
        run = report.Run(image.manifest, image.fingerprints, config.stash[_COMMIT])
        report.write(report.PAGES[name], run, config.stash[_FIGURES])
    if config.getoption("--seconds"):
        version = config.stash[_IMAGE].manifest["diaspora"]["version"]
        seconds.write(version, config.stash[_FIGURES].connected)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """Remember how stories ended: machines of failed ones are shown before they are ended."""
    outcome = yield
    if outcome.failed:
        item.stash[_FAILED] = True
        if item.parent:
            item.parent.stash[_FAILED] = True
    elif outcome.when == "call" and outcome.passed:
        item.config.stash[_FIGURES].told.append(item.nodeid)
    return outcome


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """The folder of this run, which is gone after it."""
    if RUN not in os.environ:
        pytest.exit("stories are run by `make rehearse`", returncode=1)
    return Path(os.environ[RUN])


@pytest.fixture(scope="session")
def image(run_folder: Path, request: pytest.FixtureRequest) -> Image:
    """The baked image."""
    image = request.config.stash[_IMAGE] = bake(run_folder)
    return image


@pytest.fixture(scope="session")
def application(image: Image) -> Application:
    """What the image holds, to whoever uploads photos."""
    return application_of(image)


@pytest.fixture(scope="session")
def region(run_folder: Path) -> Aws:
    """AWS's part, made once; stories take ``aws``, which is put back before each."""
    return Aws(run_folder)


@pytest.fixture(scope="session")
def factory(region: Aws, image: Image, run_folder: Path) -> Pods:
    """What makes pods; stories take ``pods``, which ends them after each."""
    return Pods(region, image, run_folder)


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Figures:
    """What the stories measure and see, for the report."""
    return request.config.stash[_FIGURES]


@pytest.fixture
def aws(region: Aws) -> Aws:
    """Everything around the pod, as it is before a stack is made."""
    region.reset()
    return region


@pytest.fixture
def pods(factory: Pods, aws: Aws, request: pytest.FixtureRequest) -> Iterator[Pods]:
    """Launches pods, each fresh from the image."""
    yield factory
    factory.end(_show if request.node.stash.get(_FAILED, False) else None)


@pytest.fixture
def older_pods(
    region: Aws, aws: Aws, run_folder: Path, request: pytest.FixtureRequest
) -> Iterator[Pods]:
    """The same of an older commit's image, told by that commit's template."""
    if not older.is_there():
        say(f"this clone has not got {older.COMMIT[:7]}, so no image of it is upgraded")
        pytest.skip("a shallow clone: python3 -m tests.rehearsal.older fetches the commit")
    folder = run_folder / "older"
    tree = older.write_tree(folder / "tree")
    pods = Pods(region, bake(folder, tree), folder, tree / TEMPLATE.relative_to(ROOT))
    yield pods
    pods.end(_show if request.node.stash.get(_FAILED, False) else None)


@pytest.fixture(scope="module")
def module_pods(factory: Pods, region: Aws, request: pytest.FixtureRequest) -> Iterator[Pods]:
    """The same for all stories of a module, which put up with what the ones before have left."""
    region.reset()
    yield factory
    factory.end(_show if request.node.stash.get(_FAILED, False) else None)


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """The answers of ``pod`` over the plain ones; a module may have its own."""
    return {}


@pytest.fixture(scope="module")
def pod(module_pods: Pods, answers: dict[str, str]) -> Pod:
    """One pod, up and signalled, for all stories of a module that only look."""
    pod = module_pods.launch(**answers)
    signal = pod.wait_for_signal()
    assert signal.status == "SUCCESS", f"{signal.step}\n{pod.machine.journal()}"
    return pod


def _show(machine: PodMachine) -> None:
    print(f"\n--- journal of {machine.name}\n{machine.journal()[-30_000:]}\n---")
