"""What every promise is asked about."""

from __future__ import annotations

import pytest

from diaspora_cf.template.stack import Stack

from .reading import Template


@pytest.fixture
def template(stack: Stack) -> Template:
    """The low cost template in long form, made anew for each test, which may change it."""
    return Template(stack.to_dict())
