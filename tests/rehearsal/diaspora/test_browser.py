"""diaspora* in a real browser: a stranger looks, signs up, writes, shows a photo, and leaves.

One pod, one browser, one after the other. The last two stories are about all that happened before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from ..figures import Figures
from ..patience import until
from ..pod import Pod
from .browser import Browser, Record, settle, visit
from .landscape import landscape

PASSWORD = "correct horse battery staple"
HELLO = "Hello from **a pod of our own**! #newhere"
HELLO_SHOWN = "Hello from a pod of our own! #newhere"
VIEW = "The view from here"
# What the front of a pod shows of itself while it cannot answer.
WAKING = "A pod of our own is waking up"
# Where an admin's browser looks up the newest version (app/assets/javascripts/app/pages/
# admin_dashboard.js): the only request of all these pages that leaves the pod.
NEWEST = "https://api.github.com/repos/diaspora/diaspora/releases/latest"


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """A pod that anybody may join."""
    return {"PodName": "A pod of our own", "EnableRegistration": "true"}


@pytest.fixture(scope="module")
def browser(pod: Pod, run_folder: Path) -> Iterator[Browser]:
    """A browser in the visitor's network."""
    browser = Browser(pod, run_folder / "browser")
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def record(browser: Browser) -> Record:
    """What happens while all is well: nothing that a browser complains about."""
    return Record(browser.origin)


@pytest.fixture
def stranger(browser: Browser, record: Record) -> Iterator[Page]:
    """The window of somebody new, for one story."""
    page = browser.open(record)
    yield page
    page.context.close()


@pytest.fixture
def phone(browser: Browser, record: Record) -> Iterator[Page]:
    """The same on a phone."""
    page = browser.open(record, phone=True)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def anna(pod: Pod, browser: Browser, record: Record, figures: Figures) -> Page:
    """The window of somebody who has just joined, in front of the stream."""
    page = browser.open(record)
    sign_up(page, pod, "anna")
    page.wait_for_url("**/getting_started")
    settle(page)
    browser.picture(page, figures.screenshot("getting-started", "After signing up"))
    get_started(page, "Anna")
    return page


@pytest.fixture(scope="module")
def photo(anna: Page, tmp_path_factory: pytest.TempPathFactory) -> Locator:
    """Anna's public post with a photo, in her stream."""
    picture = tmp_path_factory.mktemp("photo") / "landscape.png"
    picture.write_bytes(landscape(1000, 640))
    visit(anna, "/stream")
    return share(anna, VIEW, VIEW, picture)


def test_a_stranger_sees_the_landing_page(
    stranger: Page, browser: Browser, figures: Figures
) -> None:
    figures.add("browser", "landing page, nothing cached", str(visit(stranger, "/")))
    expect(stranger.get_by_role("heading", name="Welcome to A pod of our own")).to_be_visible()
    assert fonts(stranger) == ["entypo"]
    browser.picture(stranger, figures.screenshot("landing", "The landing page"))
    figures.add("browser", "landing page once more", str(visit(stranger, "/")))


def test_the_form_to_sign_up_has_a_captcha_that_is_drawn(
    stranger: Page, browser: Browser, record: Record, figures: Figures
) -> None:
    visit(stranger, "/users/sign_up")
    captcha = stranger.locator(".captcha img")
    assert width(captcha) == 120
    assert record.types[source(captcha)] == "image/jpeg"
    shot = figures.screenshot("sign-up", "Signing up, with a captcha")
    browser.picture(stranger, shot, whole=True)


def test_who_types_the_wrong_digits_stays_outside(pod: Pod, stranger: Page) -> None:
    sign_up(stranger, pod, "mallory", captcha="00000")
    expect(stranger.get_by_role("alert")).to_have_text("Human verification failed")
    assert pod.aws.database.psql("SELECT count(*) FROM users WHERE username = 'mallory'") == "0"


def test_who_signs_up_ends_in_a_stream_with_the_name_given(anna: Page) -> None:
    expect(anna).to_have_url("/stream")
    expect(anna.locator("#user-menu .user-name")).to_have_text("Anna")


def test_who_logs_out_is_a_stranger_until_the_next_login(
    anna: Page, browser: Browser, figures: Figures
) -> None:
    log_out(anna)
    expect(anna).to_have_url("/users/sign_in")
    browser.picture(anna, figures.screenshot("logged-out", "After logging out"))
    visit(anna, "/stream")
    expect(anna).to_have_url("/users/sign_in")
    log_in(anna, "anna", PASSWORD)
    expect(anna.locator("#user-menu .user-name")).to_have_text("Anna")


def test_a_post_appears_in_the_stream_at_once_and_stays(anna: Page) -> None:
    post = share(anna, HELLO, HELLO_SHOWN)
    expect(post.locator(".markdown-content strong")).to_have_text("a pod of our own")
    anna.reload()
    expect(post).to_be_visible()


def test_a_photo_is_shown_as_webp(
    pod: Pod, anna: Page, photo: Locator, browser: Browser, record: Record, figures: Figures
) -> None:
    until(lambda: pod.aws.database.psql("SELECT processed_image FROM photos") != "")
    figures.add("browser", "stream, of a pod seen before", str(visit(anna, "/stream")))
    picture = photo.locator("img.stream-photo")
    assert source(picture).endswith(".webp")
    # Of before the job, where it was seen then: 1000 pixels wide.
    assert width(picture) in (700, 1000)
    assert record.types[source(picture)] == "image/webp"
    browser.picture(anna, figures.screenshot("stream", "The stream, with a photo"))


def test_a_stranger_sees_a_public_post_and_its_photo(
    photo: Locator, stranger: Page, browser: Browser, record: Record, figures: Figures
) -> None:
    link = photo.locator("a.permalink").get_attribute("href")
    figures.add("browser", "a post, nothing cached", str(visit(stranger, link)))
    expect(stranger.get_by_text(VIEW)).to_be_visible()
    picture = stranger.locator(".photo-attachments img")
    assert width(picture) == 700
    assert record.types[source(picture)] == "image/webp"
    browser.picture(stranger, figures.screenshot("post", "A public post, as strangers see it"))


@pytest.mark.usefixtures("photo")
def test_a_phone_gets_pages_of_its_own(phone: Page, browser: Browser, figures: Figures) -> None:
    figures.add("browser", "a phone's first page", str(visit(phone, "/users/sign_in")))
    browser.picture(phone, figures.screenshot("phone-sign-in", "Logging in on a phone"))
    log_in(phone, "anna", PASSWORD)
    expect(phone.get_by_text(VIEW)).to_be_visible()
    assert width(phone.locator("img[src*='/uploads/images/']")) == 300
    assert fonts(phone) == ["diaspora-custom", "entypo"]
    browser.picture(phone, figures.screenshot("phone-stream", "The stream on a phone"))


def test_an_admin_sees_the_jobs(stranger: Page, password: str) -> None:
    log_in(stranger, "alice", password)
    visit(stranger, "/sidekiq")
    expect(stranger.get_by_role("heading", name="Dashboard")).to_be_visible()
    expect(stranger.locator("canvas")).to_have_count(2)


def test_an_admins_dashboard_asks_github_for_the_newest_version_and_nobody_else(
    browser: Browser, password: str
) -> None:
    record = Record(browser.origin)
    page = browser.open(record)
    log_in(page, "alice", password)
    visit(page, "/admins/dashboard")
    assert record.strangers == [f"GET {NEWEST}"]
    away = "net::ERR_NAME_NOT_RESOLVED"
    assert set(record.errors) == {
        f"{away}: GET {NEWEST}",
        f"console at {NEWEST}: Failed to load resource: {away}",
    }


def test_a_pod_that_cannot_answer_says_so_and_is_back_by_itself(
    pod: Pod, browser: Browser, figures: Figures
) -> None:
    record = Record(browser.origin)
    page = browser.open(record)
    pod.machine.systemctl("stop diaspora-web")
    try:
        visit(page, "/")
        expect(page.get_by_role("heading", name=WAKING)).to_be_visible()
        browser.picture(page, figures.screenshot("waking", "While the pod does not answer"))
    finally:
        pod.machine.systemctl("start diaspora-web")
    page.get_by_role("button", name="Sign in").wait_for()
    told = f"console at {browser.origin}/: Failed to load resource: the server responded with a "
    assert set(record.errors) == {
        f"503: GET {browser.origin}/",
        f"{told}status of 503 (Service Unavailable)",
    }
    assert record.strangers == []


@pytest.mark.usefixtures("photo")
def test_the_browser_had_nothing_to_complain_about(pod: Pod, record: Record) -> None:
    for warning in record.warnings:
        pod.machine.say(warning)
    assert record.errors == []


@pytest.mark.usefixtures("photo")
def test_no_request_left_the_pods_own_origin(pod: Pod, record: Record) -> None:
    pod.machine.say(f"{len(record.requests)} requests of a browser")
    assert f"POST {record.origin}/photos" in record.requests
    assert record.strangers == []


# What people do.


def sign_up(page: Page, pod: Pod, name: str, captcha: str = "") -> None:
    """Fill in the form; the digits are the right ones where none are given."""
    visit(page, "/users/sign_up")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.locator("#user_captcha").fill(captcha or _digits(page, pod))
    page.get_by_role("button", name="Create account").click()


def _digits(page: Page, pod: Pod) -> str:
    """What a person reads in the picture."""
    key = page.locator("[name='user[captcha_key]']").input_value()
    assert key.isalnum()
    return pod.aws.database.psql(f"SELECT value FROM simple_captcha_data WHERE key = '{key}'")


def get_started(page: Page, name: str) -> None:
    """Give a name, follow no tags, go to the stream and read its three hints away."""
    with page.expect_response("**/profile"):
        page.get_by_label("Your name").fill(name)
        page.get_by_label("Your name").blur()
    page.once("dialog", lambda question: question.accept())
    page.get_by_role("link", name="Awesome! Take me to diaspora*").click()
    page.wait_for_url("**/stream")
    hints = page.locator(".popover")
    expect(hints).to_have_count(3)
    for left in (2, 1, 0):
        hints.last.locator(".close").click()
        expect(hints).to_have_count(left)
    settle(page)


def log_in(page: Page, name: str, password: str) -> None:
    """From the page to do so, to the stream, or to what new people are shown before it."""
    visit(page, "/users/sign_in")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/(stream|getting_started)$"))
    settle(page)


def log_out(page: Page) -> None:
    """By the menu."""
    page.locator("#user-menu .dropdown-toggle").click()
    page.get_by_role("link", name="Log out").click()
    page.wait_for_url("**/users/sign_in")
    settle(page)


def share(page: Page, text: str, shown: str, picture: Path | None = None) -> Locator:
    """Post to the public from the stream; returns the post in it."""
    page.get_by_placeholder("Start a conversation").click()
    if picture:
        with page.expect_file_chooser() as choice:
            page.locator("#file-upload").click()
        choice.value.set_files(picture)
        page.locator(".publisher_photo img").wait_for()
    page.get_by_placeholder("Start a conversation").fill(text)
    page.locator("#publisher .aspect-dropdown .dropdown-toggle").click()
    page.locator("#publisher .aspect-dropdown li.public").click()
    page.get_by_role("button", name="Share").click()
    post = page.locator(".stream-element", has_text=shown)
    post.wait_for()
    settle(page)
    return post


# What people see.


def width(picture: Locator) -> int:
    """Of an image as it was sent; 0 where there is none."""
    return int(picture.evaluate("image => image.naturalWidth"))


def source(picture: Locator) -> str:
    """The address that an image was taken from, without a query."""
    return str(picture.evaluate("image => image.currentSrc.split('?')[0]"))


def fonts(page: Page) -> list[str]:
    """The fonts that the pod has sent for this page, its icons."""
    loaded = "[...document.fonts].filter(font => font.status === 'loaded')"
    return sorted(page.evaluate(f"{loaded}.map(font => font.family.replaceAll('\"', ''))"))
