"""Secrets: read in the version that is meant; our own made once, and never overwritten."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from diaspora_pod.boot import own_secrets, parameters
from diaspora_pod.errors import Permanent, Transient

from .fakes import stubbed

PATH = "/diaspora/pod"
SECRET = "0123456789abcdef" * 8


def answer(value: str) -> dict[str, Any]:
    return {"Parameter": {"Value": value}}


def asked(name: str) -> dict[str, Any]:
    return {"Name": name, "WithDecryption": True}


@pytest.fixture(scope="module")
def key() -> Iterator[str]:
    yield own_secrets.new_oidc_key()


# What a person made -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["/diaspora/database/password", "database-password"])
@pytest.mark.parametrize("version", ["1", "12"])
def test_the_version_that_is_meant_is_read(name: str, version: str) -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_response("get_parameter", answer("s3cret\n"), asked(f"{name}:{version}"))
        assert parameters.read(ssm, name, version) == "s3cret\n"


@pytest.mark.parametrize("code", ["ParameterNotFound", "ParameterVersionNotFound"])
def test_a_missing_parameter_is_told_by_name_and_version(code: str) -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", code)
        with pytest.raises(Permanent, match=r"/db/password is missing, or has no version 7"):
            parameters.read(ssm, "/db/password", "7")


def test_a_parameter_that_may_not_be_read_is_told() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", "AccessDeniedException", http_status_code=400)
        with pytest.raises(Permanent, match=r"/db/password:7.*AccessDenied"):
            parameters.read(ssm, "/db/password", "7")


def test_throttling_is_waited_out() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", "ThrottlingException", http_status_code=400)
        with pytest.raises(Transient):
            parameters.read(ssm, "/db/password", "7")


# What the pod makes up ----------------------------------------------------------------------------


def test_the_first_pod_notes_down_whose_secrets_these_are() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", "ParameterNotFound")
        made = {"Name": f"{PATH}/domain-name", "Value": "pod.example.org"}
        stub.add_response("put_parameter", {}, {**made, "Type": "SecureString", "Overwrite": False})
        own_secrets.claim(ssm, PATH, "pod.example.org")


def test_a_pod_takes_no_other_pods_secrets() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_response("get_parameter", answer("pod.example.org"))
        own_secrets.claim(ssm, PATH, "pod.example.org")
        stub.add_response("get_parameter", answer("friends.example.org"))
        with pytest.raises(Permanent, match="/diaspora/pod are another pod's"):
            own_secrets.claim(ssm, PATH, "pod.example.org")


def test_a_secret_that_is_there_is_used_and_nothing_written() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_response("get_parameter", answer(SECRET), asked(f"{PATH}/session-secret"))
        assert own_secrets.session_secret(ssm, PATH) == SECRET


def test_the_first_boot_makes_a_secret_and_never_overwrites_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_secrets, "new_session_secret", lambda: SECRET)
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", "ParameterNotFound")
        put = {
            "Name": f"{PATH}/session-secret",
            "Value": SECRET,
            "Type": "SecureString",
            "Overwrite": False,
        }
        stub.add_response("put_parameter", {"Version": 1}, put)
        assert own_secrets.session_secret(ssm, PATH) == SECRET


def test_of_two_pods_that_boot_at_once_the_first_ones_secret_counts() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", "ParameterNotFound")
        stub.add_client_error("put_parameter", "ParameterAlreadyExists")
        stub.add_response("get_parameter", answer(SECRET), asked(f"{PATH}/session-secret"))
        assert own_secrets.session_secret(ssm, PATH) == SECRET


def test_a_secret_that_was_just_made_elsewhere_is_waited_for() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", "ParameterNotFound")
        stub.add_client_error("put_parameter", "ParameterAlreadyExists")
        stub.add_client_error("get_parameter", "ParameterNotFound")
        with pytest.raises(Transient, match="session-secret"):
            own_secrets.session_secret(ssm, PATH)


def test_a_secret_that_may_not_be_kept_is_told() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", "ParameterNotFound")
        stub.add_client_error("put_parameter", "AccessDeniedException")
        with pytest.raises(Permanent, match="session-secret"):
            own_secrets.session_secret(ssm, PATH)


def test_new_session_secrets_are_long_hexadecimal_and_different() -> None:
    made = {own_secrets.new_session_secret() for _ in range(10)}
    assert len(made) == 10
    assert all(re.fullmatch("[0-9a-f]{128}", secret) for secret in made)


# They become executable Ruby, so that nothing else may be in them.
NO_SECRETS = {
    "empty": "",
    "too short": SECRET[1:],
    "too long": SECRET + "0",
    "a line break at its end": SECRET + "\n",
    "Ruby": '"; system("id"); "' + SECRET[:110],
    "interpolation": "#{`id`}" + SECRET[:121],
    "another digit": "g" + SECRET[1:],
    "a digit of another script": "٣" + SECRET[1:],
}


@pytest.mark.parametrize("text", NO_SECRETS.values(), ids=NO_SECRETS)
def test_what_is_not_hexadecimal_of_the_right_length_is_refused_unread(text: str) -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_response("get_parameter", answer(text))
        with pytest.raises(Permanent, match=r"session-secret is not 128 hex") as refused:
            own_secrets.session_secret(ssm, PATH)
    assert len(text) < 20 or text not in str(refused.value)


def test_the_oidc_key_is_kept_and_read_again(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_secrets, "new_oidc_key", lambda: key)
    with stubbed("ssm") as (ssm, stub):
        stub.add_client_error("get_parameter", "ParameterNotFound")
        put = {
            "Name": f"{PATH}/oidc-key",
            "Value": key,
            "Type": "SecureString",
            "Overwrite": False,
        }
        stub.add_response("put_parameter", {"Version": 1}, put)
        stub.add_response("get_parameter", answer(key), asked(f"{PATH}/oidc-key"))
        assert own_secrets.oidc_key(ssm, PATH) == key
        assert own_secrets.oidc_key(ssm, PATH) == key


def test_a_new_key_is_an_rsa_key_of_4096_bits_and_fits_a_free_parameter(key: str) -> None:
    assert own_secrets.is_oidc_key(key)
    assert len(key.encode()) <= 4096


def test_a_key_without_a_line_break_at_its_end_is_taken(key: str) -> None:
    assert own_secrets.is_oidc_key(key.rstrip("\n"))


def test_the_older_form_of_pem_is_taken(key: str) -> None:
    older = openssl("rsa", "-traditional", given=key)
    assert "BEGIN RSA PRIVATE KEY" in older
    assert own_secrets.is_oidc_key(older)


def openssl(*arguments: str, given: str = "") -> str:
    answer = subprocess.run(
        ["openssl", *arguments], input=given, capture_output=True, text=True, check=True
    )
    return answer.stdout


def no_keys(key: str) -> dict[str, str]:
    lines = key.splitlines(keepends=True)
    return {
        "nothing": "",
        "a word": "key",
        "a key of 2048 bits": openssl("genrsa", "2048"),
        "a key of another kind": openssl("genpkey", "-algorithm", "ed25519"),
        "a key with a password": openssl("rsa", "-aes128", "-passout", "pass:x", given=key),
        "a public key": openssl("rsa", "-pubout", given=key),
        "a damaged key": "".join([*lines[:5], lines[5][::-1].strip() + "\n", *lines[6:]]),
        "a cut key": "".join([*lines[:10], lines[-1]]),
        "something in front": "text\n" + key,
        "something behind": key + "text\n",
        "two keys": key + key,
    }


def test_what_is_no_such_key_is_refused(key: str) -> None:
    wrong = no_keys(key)
    assert [name for name, text in wrong.items() if own_secrets.is_oidc_key(text)] == []


def test_a_wrong_key_is_told_by_name_and_not_shown() -> None:
    with stubbed("ssm") as (ssm, stub):
        stub.add_response("get_parameter", answer("not a key"))
        with pytest.raises(Permanent, match="oidc-key") as refused:
            own_secrets.oidc_key(ssm, PATH)
    assert "not a key" not in str(refused.value)


def test_no_key_is_ever_in_a_command_line_or_on_the_disk(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    run = subprocess.run

    def note(arguments: list[str], **options: Any) -> Any:
        calls.append(arguments)
        return run(arguments, **options)

    monkeypatch.setattr(subprocess, "run", note)
    assert own_secrets.is_oidc_key(key)
    assert calls
    assert all("PRIVATE" not in word and os.sep not in word for call in calls for word in call)
