"""A machine's file system: a fresh layer, or a disk, over trees that stay as they are."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


def overlay(folder: Path, below: Sequence[Path], root: Path | None = None) -> Path:
    """Mount a tree that shows ``below`` (topmost first) and keeps changes in ``folder/changes``.

    Returns where it is mounted: ``folder/root``, unless it is told. Takes milliseconds, however big
    the trees are.
    """
    changes, work, root = folder / "changes", folder / "work", root or folder / "root"
    for path in (changes, work, root):
        path.mkdir(parents=True, exist_ok=True)
    layers = ":".join(str(path) for path in below)
    options = f"lowerdir={layers},upperdir={changes},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, str(root)], check=True)
    return root


def unmount(root: Path) -> None:
    """Take a mounted tree away; its changes stay where they are."""
    subprocess.run(["umount", "--lazy", str(root)], check=True)


class Disk:
    """A disk over trees that stay as they are; ``root`` is where both are mounted as one.

    It forgets as disks do: the kernel keeps in memory what nobody synced, and that is gone when the
    power is.
    """

    SIZE = "8G"

    def __init__(self, folder: Path, below: Sequence[Path]) -> None:
        self._folder = folder
        self._below = below
        self._losses = 0
        folder.mkdir(parents=True, exist_ok=True)
        quick = "lazy_itable_init=1,lazy_journal_init=1"
        make = ["mkfs.ext4", "-q", "-m", "0", "-E", quick, str(self._image), self.SIZE]
        subprocess.run(make, check=True)
        self.root = self._mount()

    def lose_power(self) -> None:
        """Go back to what has reached the disk by now. Nothing runs on it any more."""
        before = self._image
        self._losses += 1
        # What is mounted still has the rest in memory; the file has not.
        subprocess.run(["cp", "--sparse=always", str(before), str(self._image)], check=True)
        self.unmount()
        self._mount()
        before.unlink()

    def unmount(self) -> None:
        """Take it away; it is not used again."""
        unmount(self.root)
        unmount(self._folder / "disk")

    @property
    def _image(self) -> Path:
        return self._folder / f"disk-{self._losses}.ext4"

    def _mount(self) -> Path:
        disk = self._folder / "disk"
        disk.mkdir(exist_ok=True)
        subprocess.run(["mount", "-o", "loop", str(self._image), str(disk)], check=True)
        return overlay(disk, self._below, self._folder / "root")
