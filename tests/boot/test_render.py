"""The files that the pod's parts read, as those parts read them."""

from __future__ import annotations

import html
import importlib
import re
import stat
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from diaspora_pod.boot.render import PAGES, first_minute, pod_check_day, render, write
from diaspora_pod.errors import Permanent
from diaspora_pod.machine import Machine

from . import samples

tomllib: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")


def files(machine: Machine, settings: Any = None, secrets: Any = None) -> dict[str, str]:
    """Every rendered file's text by its name."""
    rendered = render(machine, settings or samples.settings(), secrets or samples.secrets())
    return {file.path.name: file.content for file in rendered}


def toml(machine: Machine, **changes: str) -> Any:
    return tomllib.loads(files(machine, samples.settings(**changes))["diaspora.toml"])


def database(machine: Machine, **changes: Any) -> Any:
    text = files(machine, secrets=samples.secrets(**changes))["database.yml"]
    return yaml.safe_load(text)["production"]


# diaspora.toml ------------------------------------------------------------------------------------


def test_diaspora_is_told_its_address_for_life(machine: Machine) -> None:
    environment = toml(machine)["configuration"]["environment"]
    assert environment["url"] == "https://pod.example.org/"
    assert environment["require_ssl"] is True


def test_diaspora_trusts_the_systems_authorities(machine: Machine) -> None:
    environment = toml(machine)["configuration"]["environment"]
    assert environment["certificate_authorities"] == "/etc/ssl/certs/ca-certificates.crt"


def test_diaspora_listens_at_sockets_only(machine: Machine) -> None:
    configuration = toml(machine)["configuration"]
    assert configuration["server"]["listen"] == "unix:///run/diaspora-web/web.sock"
    assert configuration["environment"]["redis"] == "unix:///run/redis/redis-server.sock"


def test_diaspora_keeps_its_pid_where_a_crash_leaves_none(machine: Machine) -> None:
    assert toml(machine)["configuration"]["server"]["pid"].startswith("/run/diaspora-web/")


def test_bundler_finds_the_environment_by_its_pattern(machine: Machine) -> None:
    # D: config/bundler_helper.rb
    text = files(machine)["diaspora.toml"]
    found = re.search(r"""^\s*rails_environment\s*=\s*["']([^"']+)["']\s*$""", text, re.MULTILINE)
    assert found is not None
    assert found[1] == "production"


def test_the_production_table_is_there_and_empty(machine: Machine) -> None:
    assert toml(machine)["production"] == {}


@pytest.mark.parametrize("answer", ["true", "false"])
def test_sign_up_and_invitations_are_as_chosen(machine: Machine, answer: str) -> None:
    settings = toml(machine, enable_registration=answer, invitations_open=answer)["configuration"][
        "settings"
    ]
    assert settings["enable_registrations"] is (answer == "true")
    assert settings["invitations"]["open"] is (answer == "true")


def test_signing_up_asks_no_other_server(machine: Machine) -> None:
    assert toml(machine)["configuration"]["settings"]["autofollow_on_join"] is False


def test_a_hostile_pod_name_arrives_byte_for_byte(machine: Machine) -> None:
    settings = toml(machine, pod_name=samples.HOSTILE)["configuration"]["settings"]
    assert settings["pod_name"] == samples.HOSTILE


@pytest.mark.parametrize("key", ["domain_name", "admin_email", "admin_account", "mail_host"])
def test_no_other_setting_leaves_its_place(machine: Machine, key: str) -> None:
    before, after = toml(machine), toml(machine, **{key: 'a"\n[production]\nb = "c'})
    assert before.keys() == after.keys()
    assert after["production"] == {}


def test_mail_goes_by_starttls_and_login(machine: Machine) -> None:
    mail = toml(machine)["configuration"]["mail"]
    assert (mail["enable"], mail["method"]) == (True, "smtp")
    assert mail["sender_address"] == "no-reply@example.org"
    assert mail["smtp"] == {
        "host": "email-smtp.eu-west-1.amazonaws.com",
        "port": 587,
        "authentication": "login",
        "username": "AKIA",
        "password": "mail password",
        "starttls_auto": True,
        "openssl_verify_mode": "peer",
        "domain": "example.org",
    }


@pytest.mark.parametrize("password", samples.PASSWORDS)
def test_any_mail_password_arrives_byte_for_byte(machine: Machine, password: str) -> None:
    secrets = samples.secrets(mail_username=password, mail_password=password)
    mail = tomllib.loads(files(machine, secrets=secrets)["diaspora.toml"])["configuration"]["mail"]
    assert (mail["smtp"]["username"], mail["smtp"]["password"]) == (password, password)


def test_without_mail_there_are_no_credentials(machine: Machine) -> None:
    assert toml(machine, mail_enabled="false")["configuration"]["mail"] == {"enable": False}


def test_the_admin_is_named_where_there_is_one(machine: Machine) -> None:
    admins = toml(machine)["configuration"]["admins"]
    assert admins == {"account": "alice", "podmin_email": "alice@example.org"}
    without = toml(machine, admin_account="")["configuration"]["admins"]
    assert without == {"podmin_email": "alice@example.org"}


# database.yml -------------------------------------------------------------------------------------


def test_the_database_has_to_prove_who_it_is(machine: Machine) -> None:
    found = database(machine)
    assert found["sslmode"] == "verify-full"
    assert found["sslrootcert"] == "/usr/share/diaspora/rds-ca.pem"


def test_the_database_is_the_stacks(machine: Machine) -> None:
    found = database(machine)
    assert found["host"] == "pod.cluster-abc.eu-west-1.rds.amazonaws.com"
    assert (found["port"], found["database"]) == (5432, "diaspora")
    assert (found["username"], found["password"]) == ("pod", "database password")


def test_unused_connections_are_soon_gone_so_that_the_database_can_sleep(machine: Machine) -> None:
    found = database(machine)
    assert (found["idle_timeout"], found["reaping_frequency"]) == (5, 5)


def test_a_connection_that_died_silently_is_given_up_within_half_a_minute(machine: Machine) -> None:
    settings = database(machine)
    silence = settings["keepalives_idle"]
    silence += settings["keepalives_interval"] * settings["keepalives_count"]
    assert silence <= 30
    assert settings["tcp_user_timeout"] <= 30_000


def test_how_long_a_connection_may_take_is_left_to_the_units(machine: Machine) -> None:
    # What stands in the file would win over PGCONNECT_TIMEOUT.
    assert "connect_timeout" not in database(machine)


def test_every_thread_of_sidekiq_finds_a_connection(machine: Machine) -> None:
    threads = toml(machine)["configuration"]["environment"]["sidekiq"]["concurrency"]
    # As many again are for what waits until the database is used.
    assert database(machine)["pool"] >= 2 * threads


def test_prepared_statements_are_as_rails_has_them(machine: Machine) -> None:
    assert "prepared_statements" not in database(machine)


def test_connections_have_a_short_name(machine: Machine) -> None:
    assert database(machine)["application_name"] == "diaspora"


def test_bundler_reads_the_adapter_as_a_plain_word(machine: Machine) -> None:
    assert "\n  adapter: postgresql\n" in files(machine)["database.yml"]


@pytest.mark.parametrize("password", samples.PASSWORDS)
def test_any_database_password_arrives_byte_for_byte(machine: Machine, password: str) -> None:
    found = database(machine, database_username=password, database_password=password)
    assert (found["username"], found["password"]) == (password, password)


@pytest.mark.parametrize("password", samples.PASSWORDS)
def test_erb_leaves_the_database_file_alone(machine: Machine, password: str) -> None:
    secrets = samples.secrets(database_username=password, database_password=password)
    assert "<%" not in files(machine, secrets=secrets)["database.yml"]


# The other files ----------------------------------------------------------------------------------


def test_the_session_secret_is_one_line_of_ruby(machine: Machine) -> None:
    text = files(machine)["secret_token.rb"]
    code = [line for line in text.splitlines() if not line.startswith("#")]
    assert code == [f'Diaspora::Application.config.secret_key_base = "{"0a" * 64}"']


def test_the_oidc_key_is_written_as_it_is(machine: Machine) -> None:
    assert files(machine)["oidc_key.pem"] == samples.secrets().oidc_key


def test_diaspora_takes_the_schedule_as_it_is(machine: Machine) -> None:
    # D: config/initializers/sidekiq_scheduled.rb; PyYAML reads a symbol as a text with a colon.
    schedule = yaml.safe_load(files(machine)["schedule.yml"])
    assert list(schedule) == [
        ":check_birthday",
        ":clean_cached_files",
        ":cleanup_old_exports",
        ":cleanup_pending_photos",
        ":queue_users_for_removal",
        ":recheck_scheduled_pods",
        ":recurring_pod_check",
    ]
    assert schedule[":recurring_pod_check"][":cron"] != "0 0 * * *"
    for name, job in schedule.items():
        camel = "".join(word.capitalize() for word in name[1:].split("_"))
        assert job[":class"] == f"Workers::{camel}"


def minutes(machine: Machine, domain: str) -> list[int]:
    schedule = yaml.safe_load(files(machine, samples.settings(domain_name=domain))["schedule.yml"])
    times = [job[":cron"].split() for job in schedule.values()]
    assert all(time[1:4] == ["3", "*", "*"] for time in times)
    assert all(time[4:] == ["*"] for time in times[:-1])
    return [int(time[0]) for time in times]


def test_all_daily_jobs_run_one_after_the_other_within_the_planned_hour(machine: Machine) -> None:
    for number in range(200):
        planned = minutes(machine, f"pod{number}.example.org")
        assert planned == list(range(planned[0], planned[0] + 7))
        assert 0 <= planned[0] <= planned[-1] <= 59


def test_pods_do_not_all_check_each_other_at_the_same_minute(machine: Machine) -> None:
    first = [minutes(machine, f"pod{number}.example.org")[0] for number in range(500)]
    assert minutes(machine, "pod1.example.org")[0] == first[1]
    assert len(set(first)) > 45
    assert max(first.count(minute) for minute in first) < 30


@pytest.mark.parametrize("patience", ["0", "240"])
def test_other_pods_are_checked_weekly_where_messages_wait(machine: Machine, patience: str) -> None:
    settings = samples.settings(federation_patience=patience)
    schedule = yaml.safe_load(files(machine, settings)["schedule.yml"])
    day = schedule[":recurring_pod_check"][":cron"].split()[4]
    assert day == pod_check_day(settings)
    assert (day == "*") is (patience == "0")


def test_each_pod_checks_the_others_on_a_day_of_its_own() -> None:
    domains = [f"pod{number}.example.org" for number in range(700)]
    days = [pod_check_day(samples.settings(domain_name=domain)) for domain in domains]
    assert pod_check_day(samples.settings(domain_name=domains[0])) == days[0]
    assert set(days) == set("0123456")
    assert max(days.count(day) for day in days) < 150
    # Nor do those of one minute have one day.
    times = {(first_minute(domain), day) for domain, day in zip(domains, days, strict=True)}
    assert len(times) > 250


def test_nginx_is_told_nothing_that_could_break_it(machine: Machine) -> None:
    hostile = samples.settings(pod_name=samples.HOSTILE, domain_name='a"; $b {')
    lines = files(machine, hostile)["pod.conf"].splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'set $pod_robots "";',
        'set $pod_crawlers "/usr/share/diaspora/robots.txt";',
    ]


def test_search_engines_are_sent_away_from_a_second_stack(machine: Machine) -> None:
    text = files(machine, samples.settings(owns_domain="no"))["pod.conf"]
    assert 'set $pod_robots "noindex, nofollow";' in text.splitlines()


def test_the_application_knows_how_long_messages_may_wait(machine: Machine) -> None:
    lines = files(machine, samples.settings(federation_patience="60"))["application.env"]
    assert lines.splitlines()[1:] == ["FEDERATION_PATIENCE=60"]


def test_the_mounts_know_bucket_and_region(machine: Machine) -> None:
    lines = files(machine)["mount.env"].splitlines()
    assert lines[1:] == ["BUCKET=pod-assetsbucket-1a2b3c", "REGION=eu-west-1"]


@pytest.mark.parametrize("change", [{"bucket": "a b"}, {"region": "x\ny"}])
def test_what_cannot_be_written_safely_is_refused(machine: Machine, change: dict[str, str]) -> None:
    with pytest.raises(Permanent):
        render(machine, samples.settings(**change), samples.secrets())


# Pages --------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    return tags


FOR_PEOPLE = [page for page in PAGES if page.endswith(".html")]


@pytest.mark.parametrize("page", FOR_PEOPLE)
def test_a_pages_markup_is_its_own_whatever_the_pod_is_called(machine: Machine, page: str) -> None:
    plain = parsed(files(machine)[page])
    hostile = files(machine, samples.settings(pod_name=samples.HOSTILE))[page]
    assert parsed(hostile).tags == plain.tags
    assert samples.HOSTILE in parsed(hostile).text
    assert html.escape(samples.HOSTILE, quote=True).replace("&#x27;", "&#39;") in hostile


@pytest.mark.parametrize("page", PAGES)
def test_a_page_needs_nothing_from_anywhere(machine: Machine, page: str) -> None:
    """A link to one of the pod's own pages is nothing that it needs."""
    text = files(machine)[page].replace('<a href="/', "")
    assert not re.search(r"(src|href|url)\s*[=(]|https?://", text)


def test_whoever_reads_no_html_gets_one_line_and_no_markup(machine: Machine) -> None:
    """The pod's name as it is: nobody takes plain text for anything else."""
    pages = files(machine, samples.settings(pod_name=samples.HOSTILE))
    for page in FOR_PEOPLE:
        line = pages[page.replace(".html", ".txt")]
        assert samples.HOSTILE in line
        assert "\n" not in line.replace(samples.HOSTILE, "").strip()
        assert "<" not in line.replace(samples.HOSTILE, "")


def test_pages_that_wait_come_back_by_themselves(machine: Machine) -> None:
    pages = files(machine)
    assert 'http-equiv="refresh"' in pages["waking.html"]
    for page in ("too-large.html", "resting.html"):
        assert 'http-equiv="refresh"' not in pages[page]


@pytest.mark.parametrize(("patience", "ours"), [("0", False), ("240", True)])
def test_crawlers_are_asked_for_rest_where_the_database_may_sleep(
    machine: Machine, patience: str, ours: bool
) -> None:
    settings = samples.settings(federation_patience=patience)
    text = files(machine, settings)["pod.conf"]
    assert ("set $pod_crawlers " in text) == ours


# Writing ------------------------------------------------------------------------------------------

SECRET = {
    "opt/diaspora/config/diaspora.toml",
    "opt/diaspora/config/database.yml",
    "opt/diaspora/config/oidc_key.pem",
    "opt/diaspora/config/schedule.yml",
    "opt/diaspora/config/initializers/secret_token.rb",
}
PUBLIC = {
    "etc/nginx/diaspora/pod.conf",
    "run/diaspora/application.env",
    "run/diaspora/mount.env",
    *(f"var/lib/diaspora-pages/{page}" for page in PAGES),
}


def test_the_files_lie_where_they_are_read_with_the_modes_that_they_need(machine: Machine) -> None:
    before = set(machine.root.rglob("*"))
    write(machine, render(machine, samples.settings(), samples.secrets()))
    made = {
        str(path.relative_to(machine.root)): stat.S_IMODE(path.stat().st_mode)
        for path in set(machine.root.rglob("*")) - before
        if path.is_file()
    }
    assert made == {**dict.fromkeys(SECRET, 0o640), **dict.fromkeys(PUBLIC, 0o644)}


def test_only_root_may_write_and_only_the_application_may_read_secrets(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, tuple[str, str]] = {}

    def note(path: Path, content: str, *, mode: int, owner: str, group: str) -> None:
        asked[str(path.relative_to(machine.root))] = (owner, group)

    monkeypatch.setattr("diaspora_pod.boot.render.files.write", note)
    as_installed = Machine(machine.root)
    write(as_installed, render(as_installed, samples.settings(), samples.secrets()))
    assert {path for path, who in asked.items() if who == ("root", "diaspora")} == SECRET
    assert {path for path, who in asked.items() if who == ("root", "root")} == PUBLIC


def test_no_secret_is_in_a_file_for_everybody(machine: Machine) -> None:
    secrets = samples.secrets()
    for file in render(machine, samples.settings(), secrets):
        if not file.secret:
            for value in vars(secrets).values():
                assert len(value) < 5 or value not in file.content


def test_secrets_do_not_show_when_they_are_printed() -> None:
    secrets = samples.secrets()
    assert not any(value in repr(secrets) for value in vars(secrets).values())
