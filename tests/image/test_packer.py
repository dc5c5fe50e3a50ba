"""packer_pod.json and its scripts, as far as reading them can tell."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from diaspora_cf.stacks import STACKS

from .samples import PACKER, has

SCRIPTS = PACKER / "scripts"
TEMPLATE = PACKER / "packer_pod.json"


def template() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(TEMPLATE.read_text("utf-8"))
    return loaded


def steps() -> list[str]:
    """The scripts in the order in which they run."""
    paths = [path for part in template()["provisioners"] for path in part.get("scripts", [])]
    return [Path(path).name for path in paths]


def shell_scripts() -> list[Path]:
    return sorted(SCRIPTS.rglob("*.sh"))


def packages_named(script: str) -> set[str]:
    """The packages that a script installs or purges by name."""
    joined = script.replace("\\\n", " ")
    installing = (
        r"^\s*(?:install_packages|install_to_build|apt install [-\w]+)((?: +[a-z0-9.+-]+)+)$"
    )
    found = re.findall(installing, joined, re.MULTILINE)
    found += re.findall(r"^unwanted=\(([^)]*)\)", joined, re.MULTILINE)
    return {name for names in found for name in names.split()}


def table() -> dict[str, list[str]]:
    lines = (PACKER / "packages.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.skipif(not has("packer"), reason="Packer is not installed")
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"ami_id": "ami-0123456789abcdef0", "region": "us-east-1"},
        {"architecture": "arm64"},
        {"force_deregister": "true", "force_delete_snapshot": "true", "build": "2"},
    ],
)
@pytest.mark.parametrize("folder", [PACKER, PACKER.parent])
def test_packer_accepts_the_template(variables: dict[str, str], folder: Path) -> None:
    chosen = [f"-var={name}={value}" for name, value in variables.items()]
    result = subprocess.run(
        ["packer", "validate", *chosen, str(TEMPLATE.relative_to(folder))],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.skipif(not has("packer"), reason="Packer is not installed")
def test_packer_refuses_a_slip(tmp_path: Path) -> None:
    text = TEMPLATE.read_text("utf-8").replace('"ami_name"', '"ami_nmae"')
    slipped = tmp_path / "slipped.json"
    slipped.write_text(text.replace("{{template_dir}}", str(PACKER)), "utf-8")
    assert subprocess.run(["packer", "validate", str(slipped)], check=False).returncode != 0


def test_every_script_runs_once_and_is_there() -> None:
    used = steps()
    assert len(used) == len(set(used))
    there = {path.name for path in SCRIPTS.glob("*.sh")} - {"lib.sh"}
    assert set(used) == there


def test_what_needs_order_has_it() -> None:
    used = steps()
    order = (
        "settle packages rootfs diaspora gems assets compile ownership slim manifest smoke cleanup"
        " validate"
    )
    assert [name for name in used if name.removesuffix(".sh") in order.split()] == [
        f"{name}.sh" for name in order.split()
    ]
    assert used[-1] == "validate.sh"


def test_scripts_get_every_input_as_a_variable_that_they_check() -> None:
    shell = next(part for part in template()["provisioners"] if "scripts" in part)
    given = {text.partition("=")[0] for text in shell["environment_vars"]} - {"BUILD_DIR"}
    needed = {
        name
        for path in shell_scripts()
        for names in re.findall(r"^need (.+)$", path.read_text("utf-8"), re.MULTILINE)
        for name in names.split()
    }
    pinned = set(re.findall(r"^(\w+)=", (PACKER / "pins.env").read_text("utf-8"), re.MULTILINE))
    assert given | pinned == needed
    # sudo of Ubuntu 26.04 ignores -E.
    assert shell["execute_command"] == "sudo env {{.Vars}} bash {{.Path}}"


@pytest.mark.parametrize("path", shell_scripts(), ids=lambda path: path.name)
def test_scripts_stop_at_the_first_failure(path: Path) -> None:
    text = path.read_text("utf-8")
    if path.parent.name == "checks":
        assert text.startswith("# shellcheck shell=bash\n")
    else:
        assert "\nset -o errexit -o nounset -o pipefail\n" in text


@pytest.mark.parametrize("name", steps())
def test_scripts_say_what_they_do(name: str) -> None:
    text = (SCRIPTS / name).read_text("utf-8")
    assert len(re.findall(r'^begin "', text, re.MULTILINE)) == 1


@pytest.mark.parametrize("path", shell_scripts(), ids=lambda path: path.name)
def test_a_pipe_never_ends_in_a_reader_that_leaves_early(path: Path) -> None:
    # pipefail would take the writer's broken pipe for a failure, now and then.
    assert not re.search(r"\|\s*(grep[^|\n]* (-q|--quiet)|head\b)", path.read_text("utf-8"))


def test_no_path_and_no_download_names_an_architecture() -> None:
    words = re.compile(r"amd64|x86_64|x86-64|aarch64|arm64", re.IGNORECASE)
    # The variable, its default, and the type of machine that fits.
    allowed = ('"architecture": "x86_64"', "`arm64`")
    files = [*shell_scripts(), *(SCRIPTS.glob("*.py")), TEMPLATE, PACKER / "pins.env"]
    files += [path for path in (PACKER / "rootfs").rglob("*") if path.is_file()]
    for file in files:
        if file.suffix in {".pem", ".pyc"}:
            continue
        text = re.sub(r"#.*", "", file.read_text("utf-8"))
        for word in allowed:
            text = text.replace(word, "")
        assert not words.search(text), file


def test_provisioners_have_no_branch_for_an_application() -> None:
    for path in shell_scripts():
        text = path.read_text("utf-8")
        assert not re.search(r"stand-?in|if .*DIASPORA_(VERSION|REPOSITORY)", text), path


def test_every_package_that_a_script_names_is_in_the_table() -> None:
    named = {name for path in shell_scripts() for name in packages_named(path.read_text("utf-8"))}
    assert len(named) > 25
    assert named == set(table())


def test_the_reader_of_scripts_sees_packages_in_each_form() -> None:
    script = (
        "install_packages \\\n    a-1 \\\n    b\ninstall_to_build c\n"
        "    apt install --no-install-recommends d\nunwanted=(e f)\n"
        'install_packages "$x"\n'
    )
    assert packages_named(script) == {"a-1", "b", "c", "d", "e", "f"}


def test_the_table_is_honest_about_what_was_not_looked_up() -> None:
    for name, (ubuntu, version, component, source) in table().items():
        assert ubuntu, name
        assert (version == "-") == (component == "-") == source.startswith("not looked up"), name
        assert component in {"main", "universe", "-"}, name


def test_the_root_disk_has_one_name_in_the_image_and_in_the_stack() -> None:
    """A disk of another name would be a second one."""
    (disk,) = template()["builders"][0]["launch_block_device_mappings"]
    launch = STACKS["low_cost"]().to_dict()["Resources"]["PodLaunchTemplate"]["Properties"]
    (mapped,) = launch["LaunchTemplateData"]["BlockDeviceMappings"]
    assert disk["device_name"] == mapped["DeviceName"]


def test_the_image_is_named_alike_everywhere() -> None:
    builder = template()["builders"][0]
    shell = next(part for part in template()["provisioners"] if "scripts" in part)
    assert f"IMAGE_NAME={builder['ami_name']}" in shell["environment_vars"]
    assert builder["tags"]["Name"] == builder["snapshot_tags"]["Name"] == builder["ami_name"]
    assert builder["tags"]["Manifest"].removeprefix("/") in "usr/share/diaspora/manifest.json"
