"""What crawlers are asked to leave alone where the database may sleep, as RFC 9309 reads it.

It does not prove that they do.
"""

from __future__ import annotations

import re

import pytest

from .samples import PACKER

TEXT = (PACKER / "rootfs/usr/share/diaspora/robots.txt").read_text("utf-8")
GUID = "d91b15f0ccef013f32d9061a7383cb64"


def allowed(path: str) -> bool:
    """Whether no rule matches: there is no Allow among them, which a longer match would decide."""
    rules = re.findall(r"^Disallow: (\S+)$", TEXT, re.MULTILINE)
    assert len(rules) > 10
    patterns = (re.escape(rule).replace(r"\*", ".*") for rule in rules)
    return not any(re.match(pattern, path) for pattern in patterns)


@pytest.mark.parametrize(
    "path",
    [
        *("/", f"/posts/{GUID}", f"/p/{GUID}", "/posts/1", "/robots.txt", "/podmin", "/help"),
        *(
            "/.well-known/nodeinfo",
            "/nodeinfo/2.0",
            "/assets/main-0a.css",
            "/uploads/images/1.webp",
        ),
    ],
)
def test_public_posts_are_findable_and_so_is_what_asks_nothing(path: str) -> None:
    assert allowed(path)


@pytest.mark.parametrize(
    "path",
    [
        *(f"/people/{GUID}", "/people?q=alice", f"/people/{GUID}/photos", "/u/alice", "/tags/cats"),
        *("/public", "/public/alice.atom", "/local_public", "/search?q=cats", "/users/sign_up"),
        *(f"/posts/{GUID}/comments", f"/posts/{GUID}/likes.json", f"/posts/{GUID}/reshares"),
        *("/i/0123456789ab", f"/fetch/post/{GUID}", f"/hcard/users/{GUID}", "/oembed?url=x"),
        *("/simple_captcha?code=1", "/api/v1/user", "/camo/0a/0b", "/community_spotlight"),
    ],
)
def test_crawlers_leave_alone_what_asks_the_database(path: str) -> None:
    assert not allowed(path)


def test_crawlers_that_wait_wait_for_long() -> None:
    assert TEXT.startswith("#")
    assert re.findall(r"^User-agent: (.*)$", TEXT, re.MULTILINE) == ["*"]
    assert int(re.findall(r"^Crawl-delay: (\d+)$", TEXT, re.MULTILINE)[0]) >= 60
