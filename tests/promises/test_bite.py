"""Every promise can fail, and every value of the template is what some promise holds it to.

Each promise has a mutation of the built template that it must notice. Beside those, a program
changes the values of the template one at a time; what no promise notices needs an excuse. A value
may be watched by a promise that looks at it too loosely: another change than the one that is tried
here may still pass.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

import pytest

from diaspora_cf.stacks import STACKS

from . import leaves
from .breaking import Mutation
from .reading import Template

# All that lie here: a list could forget one, and its promises would never be broken.
MODULES = [
    import_module(f"{__package__}.{file.stem}")
    for file in sorted(Path(__file__).parent.glob("test_*.py"))
    if file.stem != Path(__file__).stem
]
PROMISES: dict[str, Callable[[Template], None]] = {
    name.removeprefix("test_"): function
    for module in MODULES
    for name, function in vars(module).items()
    if name.startswith("test_")
}
MUTATIONS: dict[str, Mutation] = {
    name: mutation for module in MODULES for name, mutation in module.MUTATIONS.items()
}

# What may be anything, by the path of the value: each with the reason.
EXCUSES = {
    "*Description": "words for who reads them in the console",
    "*/Content*/description": "words for who reads them in the console",
    "*/Description/Fn::Sub/0": "the same; whom they name, a promise holds",
    "*/Tags/*/Key": "a name tag is what the console lists a thing by",
    "*/Tags/*/Value/*": "a name tag is what the console lists a thing by",
    "*/Sid": "a label inside a policy",
    "*/PolicyName": "a label of a policy",
    "*/LifecycleConfiguration/Rules/*/Id": "a label of a rule",
    "Resources/DiscoveryService/Properties/Name": "the front finds the service by its ARN",
    "Resources/DiscoveryInstance/Properties/InstanceId": "the only entry of its service",
    "*/Metadata/cfn-lint/*": "for cfn-lint, which complains where it is missing",
    "*/Fn::Cidr/1": "how many ranges are cut: the ones that are used stay the same",
    "*/DefaultRouteSettings/Throttling*": "a promise bounds it; in between, any number will do",
    "Outputs/ProtectDatabase/Value": "words; a promise holds what they say to set",
}

ORDER = list(PROMISES)
TEMPLATE = Template(STACKS["low_cost"]().to_dict())
PATHS: dict[str, list[leaves.Path]] = {}
for _path in leaves.leaves(TEMPLATE):
    PATHS.setdefault("/".join(map(str, _path[:2])), []).append(_path)


def holds(name: str, template: Template) -> bool:
    try:
        PROMISES[name](template)
    # Whatever it raises, its test would fail.
    except (Exception, SystemExit):
        return False
    return True


def unnoticed(path: leaves.Path) -> bool:
    """Whether no promise fails when this one value is another."""
    with leaves.changed(TEMPLATE, path) as template:
        for name in ORDER:
            if not holds(name, template):
                # Most likely it watches the next value too.
                ORDER.remove(name)
                ORDER.insert(0, name)
                return False
    return True


def text(path: leaves.Path) -> str:
    return "/".join(map(str, path))


@pytest.mark.parametrize("name", PROMISES)
def test_a_promise_fails_when_it_is_broken(name: str, template: Template) -> None:
    assert holds(name, template)
    assert name in MUTATIONS, "a promise without a mutation may be one that never fails"
    MUTATIONS[name](template)
    assert not holds(name, Template(template))


def test_every_mutation_belongs_to_a_promise() -> None:
    assert set(MUTATIONS) <= set(PROMISES)


@pytest.mark.parametrize("thing", PATHS)
def test_no_value_changes_unnoticed(
    thing: str, record_property: Callable[[str, object], None]
) -> None:
    survivors = [text(path) for path in PATHS[thing] if unnoticed(path)]
    record_property("values", len(PATHS[thing]))
    record_property("unnoticed", len(survivors))
    assert [it for it in survivors if not any(fnmatchcase(it, like) for like in EXCUSES)] == []


@pytest.mark.parametrize("like", EXCUSES)
def test_no_excuse_is_idle(like: str) -> None:
    paths = [path for paths in PATHS.values() for path in paths]
    assert any(fnmatchcase(text(path), like) and unnoticed(path) for path in paths)
