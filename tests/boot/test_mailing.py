"""Worries are mailed to the admin, each now and then, whatever is away meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.machine import Machine
from diaspora_pod.operator.mailing import MAX_SUBJECT, mail_worries, subject, text
from diaspora_pod.operator.sights import DAY, Look
from diaspora_pod.operator.worries import WORRIES, Worry

from . import samples

NOW = 1_795_839_300.0
WELL = Worry("well", "all is well", lambda look: "", "Nothing.", "Nothing.")
BAD = Worry("bad", "something is bad", lambda look: "it smells", "It is bad.", "Mend it.")
WORSE = Worry("worse", "more is worse", lambda look: "it burns", "It is worse.", "Run.", days=7)


class Topic:
    """SNS, that takes what it is given until it is told to be away."""

    def __init__(self) -> None:
        self.mails: list[dict[str, str]] = []
        self.trouble: Exception | None = None

    def publish(self, **mail: str) -> None:
        if self.trouble:
            raise self.trouble
        self.mails.append(mail)

    @property
    def subjects(self) -> list[str]:
        return [mail["Subject"].partition(": ")[2] for mail in self.mails]


Mail = Callable[..., Topic]


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def mail(machine: Machine, topic: Topic) -> Mail:
    """Looks at these worries, so many seconds after the first time."""

    def mail(*worries: Worry, after: float = 0.0) -> Topic:
        mail_worries(
            machine, worries, client=lambda service, region: topic, clock=lambda: NOW + after
        )
        return topic

    return mail


def test_what_is_seen_is_mailed_by_the_stacks_topic(mail: Mail) -> None:
    (sent,) = mail(WELL, BAD).mails
    assert sent["TopicArn"] == samples.SETTINGS["alarm_topic"]
    assert sent["Subject"] == "pod.example.org: something is bad"
    for words in ("pod.example.org", "it smells", "It is bad.", "Mend it.", "every day"):
        assert words in sent["Message"]


def test_each_cause_is_mailed_once_a_day(mail: Mail) -> None:
    mail(BAD)
    mail(BAD, after=DAY - 1)
    assert mail(BAD, after=DAY).subjects == [BAD.title] * 2


def test_what_is_no_news_after_a_day_is_mailed_once_a_week(mail: Mail) -> None:
    mail(WORSE)
    mail(WORSE, after=7 * DAY - 1)
    assert mail(WORSE, after=7 * DAY).subjects == [WORSE.title] * 2
    assert "every 7 days" in text(samples.settings(), WORSE, "it burns")


def test_one_cause_keeps_no_other_from_being_mailed(mail: Mail) -> None:
    mail(BAD)
    assert mail(BAD, WORSE, after=3600).subjects == [BAD.title, WORSE.title]


@pytest.mark.parametrize("error", [Transient("away"), FileNotFoundError("gone"), TypeError("odd")])
def test_what_cannot_be_seen_keeps_no_other_from_being_mailed(
    mail: Mail, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    def see(look: Look) -> str:
        raise error

    assert mail(replace(WORSE, see=see), BAD).subjects == [BAD.title]
    assert f"worse: not seen: {type(error).__name__}" in capsys.readouterr().err


TROUBLES = [
    ClientError({"Error": {"Code": "Throttling"}}, "Publish"),
    ClientError({"Error": {"Code": "AuthorizationError"}}, "Publish"),
    EndpointConnectionError(endpoint_url="https://sns"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: str(type(trouble).__name__))
def test_a_topic_that_is_away_is_tried_again_at_the_next_time(
    mail: Mail, topic: Topic, trouble: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    topic.trouble = trouble
    assert mail(BAD).mails == []
    assert "not mailed" in capsys.readouterr().err
    topic.trouble = None
    assert mail(BAD, after=3600).subjects == [BAD.title]


def test_a_machine_that_is_told_no_topic_says_it_in_its_log_alone_and_as_often(
    machine: Machine, mail: Mail, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {key: value for key, value in samples.SETTINGS.items() if key != "alarm_topic"}
    machine.settings.write_text(json.dumps(settings))
    mail(BAD)
    assert mail(BAD, after=3600).mails == []
    assert capsys.readouterr().err == "something is bad: it smells\n"


@pytest.mark.parametrize("left", ["", "{", "[]", '{"bad": "yesterday"}', "7"])
def test_a_note_that_cannot_be_read_costs_a_mail_and_nothing_else(
    machine: Machine, mail: Mail, left: str
) -> None:
    machine.worries.parent.mkdir(parents=True)
    machine.worries.write_text(left)
    mail(BAD)
    assert mail(BAD, after=3600).subjects == [BAD.title]


def test_a_clock_that_was_set_back_keeps_nobody_from_being_told(mail: Mail) -> None:
    mail(BAD)
    assert mail(BAD, after=-1000 * DAY).subjects == [BAD.title] * 2


def test_bad_settings_are_told_by_whoever_asked(machine: Machine, mail: Mail) -> None:
    machine.settings.write_text("{")
    with pytest.raises(Permanent):
        mail(BAD)


def test_every_subject_is_one_that_sns_takes_whole() -> None:
    longest = samples.settings(domain_name=f"{'a' * 60}.org")
    for worry in WORRIES:
        made = subject(longest, worry)
        # "Less than 100 characters" of ASCII (SNS API reference, "Publish").
        assert made.isascii() and len(made) <= MAX_SUBJECT < 100
        assert made == f"{longest.domain_name}: {worry.title}"


def test_every_worry_has_a_name_of_its_own_and_words_for_what_to_do() -> None:
    assert len({worry.cause for worry in WORRIES} | {worry.title for worry in WORRIES}) == 2 * len(
        WORRIES
    )
    for worry in WORRIES:
        for words in (worry.means, worry.remedy):
            assert words.endswith(".") and 1 <= len(words) <= 300
        assert worry.days >= 1


def test_the_mails_of_a_month_are_few_enough_to_be_free() -> None:
    # Of the 1,000 that Amazon SNS sends for nothing; alarms have the rest.
    assert sum(30 / worry.days for worry in WORRIES) < 500
