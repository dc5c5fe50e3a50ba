"""The fixtures that stories are written with; README.md beside this file tells how."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from .aws import Aws
from .bake import Image, bake
from .isolation import RUN
from .pod import Pod, PodMachine, Pods

_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    """Remember which stories failed: their machines are shown before they are ended."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
        if item.parent:
            item.parent.stash[_FAILED] = True
    return report


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """The folder of this run, which is gone after it."""
    if RUN not in os.environ:
        pytest.exit("stories are run by `make rehearse`", returncode=1)
    return Path(os.environ[RUN])


@pytest.fixture(scope="session")
def image(run_folder: Path) -> Image:
    """The baked image."""
    return bake(run_folder)


@pytest.fixture(scope="session")
def region(run_folder: Path) -> Aws:
    """AWS's part, made once; stories take ``aws``, which is put back before each."""
    return Aws(run_folder)


@pytest.fixture(scope="session")
def factory(region: Aws, image: Image, run_folder: Path) -> Pods:
    """What makes pods; stories take ``pods``, which ends them after each."""
    return Pods(region, image, run_folder)


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


@pytest.fixture(scope="module")
def pod(factory: Pods, region: Aws, request: pytest.FixtureRequest) -> Iterator[Pod]:
    """One pod with plain answers, up and signalled, for all stories of a module that only look."""
    region.reset()
    pod = factory.launch()
    try:
        signal = pod.wait_for_signal()
        assert signal.status == "SUCCESS", f"{signal.step}\n{pod.machine.journal()}"
        yield pod
    finally:
        factory.end(_show if request.node.stash.get(_FAILED, False) else None)


def _show(machine: PodMachine) -> None:
    print(f"\n--- journal of {machine.name}\n{machine.journal()[-30_000:]}\n---")
