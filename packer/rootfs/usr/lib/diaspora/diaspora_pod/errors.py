"""The two kinds of trouble: what passes by waiting, and what a person has to put right."""

from __future__ import annotations


class Trouble(Exception):  # noqa: N818 (not every trouble is an error)
    """Something that went wrong; its text is one readable line without any secret."""


class Transient(Trouble):
    """It may be over in a moment: a network, a server, a database that sleeps."""


class Permanent(Trouble):
    """It stays until somebody changes something: the boot stops and says so."""
