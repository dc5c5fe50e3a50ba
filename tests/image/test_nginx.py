"""What nginx does, as its files in packer/rootfs say it, and what others rely on."""

from __future__ import annotations

import re

import pytest

from diaspora_cf.resources.front.gateway import CLIENT_ADDRESS_HEADER, CLIENT_SCHEME_HEADER
from diaspora_cf.resources.network import VPC_RANGE

from .samples import PACKER

ROOTFS = PACKER / "rootfs"
NGINX = ROOTFS / "etc/nginx"


def test_nginx_believes_the_front_and_the_machine_itself_and_nobody_else() -> None:
    text = (NGINX / "conf.d/10-visitor.conf").read_text("utf-8")
    trusted = set(re.findall(r"^set_real_ip_from (\S+);", text, re.MULTILINE))
    assert trusted == {VPC_RANGE, "127.0.0.1", "::1"}
    assert set(re.findall(r"^    (\S+) 1;", text, re.MULTILINE)) == trusted
    assert f"real_ip_header {CLIENT_ADDRESS_HEADER};" in text
    assert f"$http_{CLIENT_SCHEME_HEADER.lower().replace('-', '_')} " in text


def test_nginx_makes_or_drops_every_header_that_rails_believes() -> None:
    text = (NGINX / "snippets/pod-application.conf").read_text("utf-8")
    headers = dict(re.findall(r"^proxy_set_header (\S+) (\S+);", text, re.MULTILINE))
    made = {name for name, value in headers.items() if value != '""'}
    assert made == {"Host", "X-Forwarded-For", "X-Forwarded-Proto"}
    dropped = """
    X-Forwarded-Host X-Forwarded-Port X-Forwarded-Scheme X-Forwarded-Ssl Forwarded X-Real-IP
    Client-IP X-Accel-Mapping X-Sendfile-Type
    """.split()
    assert {*dropped, CLIENT_ADDRESS_HEADER, CLIENT_SCHEME_HEADER} <= headers.keys()


@pytest.mark.parametrize("name", ["pod-application", "pod-photos", "pod-exports"])
def test_nginx_answers_before_the_front_gives_up(name: str) -> None:
    text = (NGINX / f"snippets/{name}.conf").read_text("utf-8")
    times = dict(re.findall(r"^proxy_(connect|send|read)_timeout (\d+);", text, re.MULTILINE))
    assert {"connect", "read"} <= times.keys()
    assert max(map(int, times.values())) < 30


def test_nginx_has_a_page_for_strangers_for_whom_the_database_is_not_woken() -> None:
    program = (ROOTFS / "usr/share/diaspora/application/lib/strangers.rb").read_text("utf-8")
    found = re.search(r"^  TURNED_AWAY = (\d+)$", program, re.MULTILINE)
    assert found is not None
    text = (NGINX / "conf.d/pod.conf").read_text("utf-8")
    assert f"    error_page {found[1]} =503 /-/resting.$readable;\n" in text


def test_no_worker_that_serves_pages_looks_into_the_bucket() -> None:
    """It would stand still until S3 has answered; the nginx of photos.conf may."""
    text = (NGINX / "conf.d/pod.conf").read_text("utf-8")
    blocks = re.findall(r"^    location \^~ (/uploads/\S*) \{(.*?)^    \}", text, re.M | re.S)
    does = {
        path: re.findall(r"^        (?:return|include) (\S+);", body, re.M) for path, body in blocks
    }
    assert does["/uploads/"] == ["404"]
    assert "snippets/pod-photos.conf" in does["/uploads/images/"]
    assert "try_files" not in dict(blocks)["/uploads/images/"]


def test_nginx_gives_nobody_a_file_of_those_that_were_exported() -> None:
    served = "".join(file.read_text("utf-8") for file in NGINX.rglob("*.conf"))
    assert "/uploads/users" not in served
    (block,) = re.findall(r"^    location /-/exports/ \{(.*?)^    \}", served, re.M | re.S)
    assert "        internal;\n" in block


def test_the_application_sends_nginx_where_it_asks_for_exports() -> None:
    """Of the names, only the nginx of a running pod would know that they differ."""
    initializers = ROOTFS / "usr/share/diaspora/application/config/initializers"
    assert '"/-/exports/' in (initializers / "exports.rb").read_text("utf-8")
    site = (NGINX / "conf.d/pod.conf").read_text("utf-8")
    unit = (ROOTFS / "usr/lib/systemd/system/diaspora-exports.socket").read_text("utf-8")
    (address,) = re.findall(r"^ListenStream=(.*)$", unit, re.MULTILINE)
    assert f"server unix:{address} fail_timeout=0;" in site


def test_a_location_that_adds_a_header_keeps_the_others() -> None:
    text = (NGINX / "conf.d/pod.conf").read_text("utf-8")
    blocks = re.findall(r"^    location [^{]*\{(.*?)^    \}", text, re.MULTILINE | re.DOTALL)
    adding = [block for block in blocks if "add_header" in block]
    assert len(adding) >= 3
    assert all("include snippets/pod-headers.conf;" in block for block in adding)


def test_what_nginx_keeps_of_photos_is_bounded_and_looked_at_after_a_minute() -> None:
    (bounds,) = re.findall(
        r"^proxy_cache_path /var/cache/diaspora-photos ([^;]+);",
        (NGINX / "conf.d/40-photos.conf").read_text("utf-8"),
        re.MULTILINE,
    )
    # The smallest disk has 8 GB, of which the build wants one free.
    assert {"max_size=1g", "min_free=1g"} <= set(bounds.split())
    text = (NGINX / "snippets/pod-photos.conf").read_text("utf-8")
    # It would hold for what is refused, too.
    assert "proxy_cache_valid" not in text
    # What was deleted would be shown again while the bucket is away.
    assert re.findall(r"^proxy_cache_use_stale (.*);", text, re.MULTILINE) == ["off"]
    users = [file.name for file in NGINX.rglob("*.conf") if "proxy_cache " in file.read_text()]
    assert users == ["pod-photos.conf"]
