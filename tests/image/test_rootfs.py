"""What lies in packer/rootfs agrees with itself, and with what the rest of the project says."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml
from diaspora_pod import jobs
from diaspora_pod.operator import queue

from diaspora_cf.cost.machines import image
from diaspora_cf.parameters.machine import AUTOMATIC_REBOOT

from .samples import PACKER

ROOTFS = PACKER / "rootfs"
UNITS = ROOTFS / "usr/lib/systemd/system"
NGINX = ROOTFS / "etc/nginx"
# Names that our units order themselves by and that others make.
OTHERS = {"redis-server.service", "nginx.service"}
Unit = dict[str, list[str]]


def read(path: Path) -> Unit:
    """A unit's settings: each name with its values in order, of all sections together."""
    found: Unit = {}
    for line in path.read_text("utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def units() -> dict[str, Unit]:
    """Every unit of the boot, the template's instances one by one, drop-ins of others included."""
    found: dict[str, Unit] = {}
    for path in UNITS.glob("diaspora*.*"):
        if path.is_dir():
            continue
        names = [path.name]
        if "@" in path.name:
            names = [path.name.replace("@", f"@{instance}") for instance in ("images", "users")]
        found.update(dict.fromkeys(names, read(path)))
    for name in OTHERS:
        found[name] = read(UNITS / f"{name}.d/10-pod.conf")
    return found


def started_by_sockets() -> set[str]:
    return {path.with_suffix(".service").name for path in UNITS.glob("diaspora*.socket")}


def words(unit: Unit, *names: str) -> set[str]:
    return {word for name in names for value in unit.get(name, []) for word in value.split()}


def timers() -> dict[str, Unit]:
    """Our own timers."""
    found = {name: unit for name, unit in units().items() if name.endswith(".timer")}
    assert len(found) >= 2
    return found


def runs() -> dict[str, Unit]:
    """Our own services that run something."""
    found = {
        name: unit
        for name, unit in units().items()
        if {"ExecStart", "ExecStop"} & set(unit) and name not in OTHERS
    }
    assert len(found) >= 10
    return found


def test_the_boot_is_a_graph_without_a_cycle() -> None:
    known = units()
    graph = {name: words(unit, "After") & known.keys() for name, unit in known.items()}
    for name, unit in known.items():
        for later in words(unit, "Before") & known.keys():
            graph[later].add(name)
    order = list(TopologicalSorter(graph).static_order())
    steps = ["prepare", "mount@images", "migrate", "web", "warm", "sidekiq"]
    places = [order.index(f"diaspora-{step}.service") for step in steps]
    assert places == sorted(places)


def test_the_target_wants_every_unit_of_the_boot() -> None:
    wanted = words(units()["diaspora.target"], "Wants")
    # What has a timer is started by it.
    timed = {name.replace(".timer", ".service") for name in timers()}
    assert wanted == set(units()) - {"diaspora.target"} - timed - started_by_sockets()


def test_no_unit_starts_another() -> None:
    """What is there already may be had again, without waiting for it. So may the machine."""
    again = re.compile("systemctl (try-(restart|reload-or-restart)|reboot) --no-block")
    for name, unit in runs().items():
        commands = [value for key, values in unit.items() if "Exec" in key for value in values]
        starting = [command for command in commands if "systemctl" in command]
        assert all(again.search(command) for command in starting), name


def test_at_the_machines_end_jobs_stop_then_web_then_what_is_left_is_handed_over() -> None:
    """Of what is named on the right each stops later: systemd stops in the opposite order."""
    known = units()
    assert "diaspora-web.service" in words(known["diaspora-sidekiq.service"], "After")
    handover = known["diaspora-handover.service"]
    before = words(handover, "Before")
    assert {"diaspora-web.service", "diaspora-sidekiq.service"} <= before
    # It takes nothing any longer when this begins to give.
    assert {"diaspora-successor.service", "diaspora-takeover.service"} <= before
    # It needs names, keys and a queue; and whoever comes meanwhile needs a page.
    after = words(handover, "After")
    assert {"network-online.target", "systemd-resolved.service", "redis-server.service"} <= after
    assert "nginx.service" in after
    # A restart of what it comes after is not the machine's end.
    assert not {"Requires", "BindsTo", "PartOf"} & set(handover)


def test_the_hand_over_reads_what_the_application_was_doing_when_it_was_killed() -> None:
    """Of the names, only Redis would know that they differ."""
    initializers = ROOTFS / "usr/share/diaspora/application/config/initializers"
    ours = (initializers / "running_jobs.rb").read_text("utf-8")
    assert f'KEY = "{jobs.RUNNING}"' in ours


def test_the_machines_end_fits_into_the_few_minutes_that_ec2_gives() -> None:
    lingering = (ROOTFS / "usr/libexec/diaspora/linger").read_text("utf-8")
    (lingers,) = re.findall(r"^    sleep (\d+)$", lingering, re.MULTILINE)
    sidekiq, web, handover = (
        int(units()[f"diaspora-{name}.service"]["TimeoutStopSec"][0])
        for name in ("sidekiq", "web", "handover")
    )
    # sidekiq takes half of its time, and a request is answered within half a minute.
    assert sidekiq / 2 + max(int(lingers) + 30, 30) + handover <= 150
    assert int(lingers) + 30 <= web


def test_a_pod_that_does_no_jobs_looks_for_none() -> None:
    for name in ("sidekiq", "successor", "takeover"):
        unit = units()[f"diaspora-{name}.service"]
        assert unit["ConditionPathExists"] == ["/run/diaspora/runs-jobs"]
    timer = units()["diaspora-takeover.timer"]
    assert timer["ConditionPathExists"] == ["/etc/diaspora/pod.json"]
    assert timer["PartOf"] == ["diaspora.target"]
    # When the timer begins, the other has looked often enough.
    assert timer["OnActiveSec"] == timer["OnUnitInactiveSec"] == ["1h"]
    often = (ROOTFS / "usr/libexec/diaspora/look-often").read_text("utf-8")
    assert "SECONDS < 3600" in often


def test_the_line_that_is_added_to_the_application_lets_in_what_is_there() -> None:
    added = (PACKER / "scripts/diaspora.sh").read_text("utf-8")
    (name,) = set(re.findall(r'require_relative "(\w+)"', added))
    config = ROOTFS / "usr/share/diaspora/application/config"
    program = (config / f"{name}.rb").read_text("utf-8")
    # Else each start would leave its mark, and the next one do without.
    assert "QuickStart.came_through" in (config / f"initializers/{name}.rb").read_text("utf-8")
    # What it marks it may write; what it loads it may not.
    writable = words(units()["diaspora-web.service"], "ReadWritePaths")
    places = {
        place: f"/opt/diaspora/{place}" for place in re.findall("{APPLICATION}/(\\w+)", program)
    }
    assert {place: path in writable for place, path in places.items()} == {
        "vendor": False,
        "tmp": True,
    }


def test_nothing_waits_for_what_waits_for_the_user_data() -> None:
    for name, unit in units().items():
        waits = words(unit, "After", "Requires", "Wants")
        assert not waits & {"cloud-final.service", "cloud-init.target", "multi-user.target"}, name
    # Without this, systemd orders multi-user.target after the target by itself.
    assert units()["diaspora.target"]["DefaultDependencies"] == ["no"]


def test_a_unit_that_requires_another_also_waits_for_it() -> None:
    for name, unit in units().items():
        assert words(unit, "Requires") <= words(unit, "After"), name


def test_whatever_is_told_nothing_stays_quiet_and_whatever_fails_tries_for_ever() -> None:
    common = read(UNITS / "diaspora-.service.d/10-pod.conf")
    for unit in (common, *(units()[name] for name in OTHERS)):
        assert unit["ConditionPathExists"] == ["/etc/diaspora/pod.json"]
        assert unit["StartLimitIntervalSec"] == ["0"]
        assert unit["PartOf"] == ["diaspora.target"]
    assert common["RestartMode"] == ["direct"]
    # A drop-in wins over a unit's own file: what units say differently cannot stand in it.
    for name, unit in runs().items():
        clashes = set(common) & set(unit) - {"Environment", "ConditionPathExists"}
        assert not clashes, name
        assert "Restart" in unit, name


@pytest.mark.parametrize("name", ["diaspora-web.service", "diaspora-sidekiq.service"])
def test_the_application_is_locked_in_as_far_as_it_bears(name: str) -> None:
    unit = units()[name]
    assert unit["User"] == ["diaspora"]
    assert unit["ProtectSystem"] == ["strict"]
    writable = {"/opt/diaspora/tmp", "/opt/diaspora/log", "/opt/diaspora/public/uploads"}
    socket = {"/run/diaspora-web"} if name == "diaspora-web.service" else set()
    assert words(unit, "ReadWritePaths") == writable | socket
    assert unit["CapabilityBoundingSet"] == [""]
    # It kills ffi, and with it typhoeus.
    assert "MemoryDenyWriteExecute" not in unit
    # The uuid gem wants to know a hardware address.
    assert "AF_NETLINK" in words(unit, "RestrictAddressFamilies")
    # A frozen sidekiq would be killed.
    assert "WatchdogSec" not in unit
    assert {"TMPDIR=/var/tmp", "MAGICK_TMPDIR=/var/tmp"} <= words(unit, "Environment")
    assert "LD_PRELOAD=libjemalloc.so.2" in words(unit, "Environment")
    # No minus in front: where it was never written, nothing starts.
    assert unit["EnvironmentFile"] == ["/run/diaspora/application.env"]


def hardening(name: str) -> Unit:
    """What a unit has of the common set: its own file of that name wins over the prefix's."""
    folders = (name, re.sub("@.*[.]", "@.", name), re.sub("-.*[.]", "-.", name))
    files = (UNITS / f"{folder}.d/20-hardening.conf" for folder in folders)
    return read(next(file for file in files if file.is_file()))


def said_elsewhere(name: str) -> set[str]:
    """What the unit's other drop-ins say."""
    files = (UNITS / f"{name}.d").glob("*.conf")
    return {key for file in files if file.name != "20-hardening.conf" for key in read(file)}


# A mount has no mount namespace.
MOUNTS = {f"diaspora-mount@{name}.service" for name in ("images", "users")}
OF_MOUNTS = {"LockPersonality", "RestrictRealtime", "SystemCallArchitectures"}
TAKEN_BACK = {
    # It writes to the console.
    "diaspora-signal.service": {"PrivateDevices"},
    # It looks at other processes.
    "diaspora-reboot.service": {"ProtectProc"},
}


def test_every_unit_has_the_whole_hardening_that_is_common() -> None:
    common = read(UNITS / "diaspora-.service.d/20-hardening.conf")
    assert len(common) >= 15
    for name in [*runs(), "nginx.service"]:
        assert set(hardening(name)) == (OF_MOUNTS if name in MOUNTS else set(common)), name
        assert not set(common) & set(units()[name]), name
        assert set(common) & said_elsewhere(name) == TAKEN_BACK.get(name, set()), name


def test_every_unit_but_the_mounts_filters_its_system_calls_and_writes_where_it_says() -> None:
    for name in {*runs(), "nginx.service"} - MOUNTS:
        unit = units()[name]
        # What a later line means depends on the first.
        assert unit["SystemCallFilter"][0] == "@system-service", name
        assert unit["ProtectSystem"][0] in ("strict", "full"), name
        assert "CapabilityBoundingSet" in unit, name
        assert "RestrictAddressFamilies" in unit, name


def test_nobody_tries_for_ever_at_the_same_pace() -> None:
    for name, unit in {**runs(), **{name: units()[name] for name in OTHERS}}.items():
        # Redis' own unit says it.
        if unit.get("Restart") != ["no"]:
            assert "RestartSteps" in unit and "RestartMaxDelaySec" in unit, name


def test_the_updates_come_after_the_hour_of_the_daily_jobs() -> None:
    _, when = read(UNITS / "apt-daily-upgrade.timer.d/10-pod.conf")["OnCalendar"]
    hour = int(when.removeprefix("*-*-* ").partition(":")[0])
    # Their minute is each pod's own.
    assert {int(time) for job in image().jobs for time in job.hours} == {hour - 1}


def minutes(timer: Unit) -> tuple[int, int]:
    """When a timer may elapse, from and to, in minutes of the day."""
    hour, minute = map(int, timer["OnCalendar"][-1].removeprefix("*-*-* ").split(":"))
    (spread,) = timer["RandomizedDelaySec"]
    first = 60 * hour + minute
    return first, first + int(re.sub("m(in)?$", "", spread))


def test_a_restart_comes_after_the_updates_and_when_the_question_says() -> None:
    _, updated = minutes(read(UNITS / "apt-daily-upgrade.timer.d/10-pod.conf"))
    first, last = minutes(units()["diaspora-reboot.timer"])
    assert updated <= first
    # Some updates take longer.
    assert "apt-daily-upgrade.service" in words(units()["diaspora-reboot.service"], "After")
    told = [f"{minute // 60}:{minute % 60:02}" for minute in (first, last)]
    assert f"between {told[0]} and {told[1]} UTC" in AUTOMATIC_REBOOT.text


def test_a_timer_of_a_pod_that_was_told_nothing_stays_quiet() -> None:
    for name, timer in timers().items():
        assert timer["ConditionPathExists"] == ["/etc/diaspora/pod.json"], name
        assert timer["PartOf"] == ["diaspora.target"], name
        assert name.replace(".timer", ".service") in units()


def test_an_update_restarts_what_runs_for_long_and_nothing_else() -> None:
    settings = (ROOTFS / "etc/needrestart/conf.d/diaspora.conf").read_text("utf-8")
    (kept,) = re.findall(r"override_rc}->{qr\((.*)\)} = 0;", settings)
    for name, unit in runs().items():
        assert bool(re.match(kept, name)) != (unit["Restart"] == ["always"]), name


def test_the_look_for_late_jobs_knows_the_queue_in_which_they_may_wait() -> None:
    folder = ROOTFS / "usr/share/diaspora/application/config/initializers"
    gate = (folder / "messages_wait.rb").read_text("utf-8")
    assert f'QUEUE = "{queue.PATIENT}".freeze' in gate


def test_people_come_before_jobs_when_memory_runs_out() -> None:
    def score(name: str) -> int:
        return int(units()[name].get("OOMScoreAdjust", ["0"])[0])

    order = ["redis-server", "diaspora-mount@images", "diaspora-web", "diaspora-sidekiq"]
    scores = [score(f"{name}.service") for name in order]
    assert scores == sorted(set(scores))
    assert score("nginx.service") < score("diaspora-web.service")


def test_what_runs_the_application_does_not_run_without_the_firewall() -> None:
    for name in ("diaspora-web.service", "diaspora-sidekiq.service", "diaspora-migrate.service"):
        assert "metadata-firewall.service" in words(units()[name], "Requires"), name
    firewall = read(UNITS / "metadata-firewall.service")
    # Neither the pod's end nor that of the package's own rules takes it away.
    assert not words(firewall, "PartOf", "BindsTo", "Requires")
    ruined = read(UNITS / "nftables.service.d/10-pod.conf")
    for key in ("ExecStartPost", "ExecReload", "ExecStopPost"):
        assert "try-reload-or-restart --no-block metadata-firewall.service" in ruined[key][0]


def test_a_mount_is_seen_by_everybody() -> None:
    name = "diaspora-mount@images.service"
    unit = {**units()[name], **hardening(name)}
    hiding = re.compile(
        r"Protect|Private|ReadWrite|ReadOnly|Inaccessible|Bind|TemporaryFile|Mount|Root"
    )
    assert not [name for name in unit if hiding.match(name)]
    assert unit["Restart"] == ["always"]


@pytest.mark.parametrize("name", ["swapfile.service", "swapfile.swap"])
def test_swap_never_swaps_the_host_of_a_container(name: str) -> None:
    assert read(UNITS / name)["ConditionVirtualization"] == ["!container"]


def test_every_program_that_units_run_is_there_or_comes_with_a_package() -> None:
    programs = ("mkswap", "nft", "nginx")
    packaged = ("/usr/bin/", "/bin/", "/opt/diaspora/bin/", *(f"/usr/sbin/{it}" for it in programs))
    for path in [*UNITS.glob("*.service")]:
        for key, values in read(path).items():
            if not key.startswith("Exec"):
                continue
            for value in values:
                program = value.lstrip("-+!@").split()[0]
                there = (ROOTFS / program.lstrip("/")).is_file()
                assert there or program.startswith(packaged), (path.name, program)


def test_what_can_be_run_lies_where_the_image_makes_it_so() -> None:
    rule = (PACKER / "scripts/rootfs.sh").read_text("utf-8")
    assert "usr/sbin/* | usr/libexec/*) mode=0755 ;;" in rule
    places = ("usr/sbin", "usr/libexec")
    lying = {path for place in places for path in (ROOTFS / place).rglob("*") if path.is_file()}
    files = (path for path in ROOTFS.rglob("*") if path.is_file())
    assert lying == {path for path in files if path.read_bytes()[:2] == b"#!"}


def test_nginx_reads_our_file_wherever_it_is_started_and_its_package_finds_it() -> None:
    """The package's own nginx.conf stays as it came, or updates would be left out."""
    assert not (NGINX / "nginx.conf").exists()
    unit = units()["nginx.service"]
    for key in ("ExecStartPre", "ExecStart", "ExecReload"):
        cleared, command = unit[key]
        assert (cleared, "-c /etc/nginx/pages.conf" in command) == ("", True), key
    # At an update the package's script for an online upgrade reads the path in its own file.
    assert "\npid /run/nginx.pid;\n" in (NGINX / "pages.conf").read_text("utf-8")


def test_redis_listens_to_no_network_and_forgets_no_job() -> None:
    text = (ROOTFS / "etc/redis/pod.conf").read_text("utf-8")
    for line in ("port 0", "appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"):
        assert f"\n{line}\n" in text
    assert re.search(r"^maxmemory \d+mb$", text, re.MULTILINE)


def test_the_metadata_service_answers_nobody_but_those_who_need_its_credentials() -> None:
    text = (ROOTFS / "usr/share/diaspora/metadata.nft").read_text("utf-8")
    assert "\ndefine readers = { root, ec2-instance-connect, diaspora-exports }\n" in text
    for address in ("ip daddr 169.254.169.254", "ip6 daddr fd00:ec2::254"):
        assert f"{address} meta skuid != $readers counter reject" in text


def test_who_signs_addresses_is_nobody_else_and_talks_to_nobody_else() -> None:
    unit = units()["diaspora-exports.service"]
    assert unit["User"] == ["diaspora-exports"]
    assert (unit["IPAddressDeny"], unit["IPAddressAllow"]) == (["any"], ["169.254.169.254"])
    assert (unit["ProtectSystem"], unit["CapabilityBoundingSet"]) == (["strict"], [""])
    others = {name for name, other in runs().items() if other.get("User") == unit["User"]}
    assert others == {"diaspora-exports.service"}
    socket = read(UNITS / "diaspora-exports.socket")
    assert (socket["SocketGroup"], socket["SocketMode"]) == (["www-data"], ["0660"])


def test_the_databases_authorities_cover_every_region_of_the_templates() -> None:
    regions = yaml.safe_load((PACKER.parent / ".cfnlintrc").read_text("utf-8"))["regions"]
    text = (ROOTFS / "usr/share/diaspora/rds-ca.pem").read_text("utf-8")
    assert len(regions) > 10
    for region in regions:
        assert f"# Amazon RDS {region} Root CA RSA2048 G1, until " in text
    # One line before each says what it is; nothing else got in.
    assert text.count("-----BEGIN CERTIFICATE-----") == text.count(", until ")
