"""Stand-ins for what a dump goes through: a bucket, and a database with tables."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from .fakes import OperationalError, ProgrammingError

NAME = "20261128T001500Z"
FRESH = {"schema_migrations": 3, "ar_internal_metadata": 1, "notes": 0}
SCRIPT = """\
\\restrict abc
SET statement_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
CREATE TABLE public.notes (id bigint, body text);
CREATE TABLE public.schema_migrations (version character varying);
COPY public.notes (id, body) FROM stdin;
1\ta\\nb
2\t\\\\.
3\t\\N
\\.


--
-- Data for Name: schema_migrations
--

COPY public.schema_migrations (version) FROM stdin;
0
20160829170244
\\.

ALTER TABLE ONLY public.notes ADD CONSTRAINT notes_pkey PRIMARY KEY (id);
\\unrestrict abc
"""


class Bucket:
    """S3, as far as dumps and hand-overs know it."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: list[bytes] = []
        self.aborted = 0
        self.fails: Callable[[str], None] = lambda key: None

    def put_object(self, Bucket: str, Key: str, Body: bytes, IfNoneMatch: str = "") -> None:  # noqa: N803
        self.fails(Key)
        if IfNoneMatch and Key in self.objects:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")
        self.objects[Key] = Body

    def delete_object(self, Bucket: str, Key: str) -> None:  # noqa: N803
        self.fails(Key)
        del self.objects[Key]

    def get_paginator(self, operation: str) -> Bucket:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803
        self.fails(Prefix)
        found = [{"Key": key} for key in sorted(self.objects) if key.startswith(Prefix)]
        yield {"Contents": found} if found else {}

    def create_multipart_upload(self, **place: str) -> dict[str, str]:
        self.fails(place["Key"])
        self.parts = []
        return {"UploadId": "1"}

    def upload_part(self, **part: Any) -> dict[str, str]:
        self.fails(part["Key"])
        self.parts.append(part["Body"])
        return {"ETag": f"etag {part['PartNumber']}"}

    def complete_multipart_upload(self, **upload: Any) -> None:
        numbers = [part["PartNumber"] for part in upload["MultipartUpload"]["Parts"]]
        assert numbers == list(range(1, len(self.parts) + 1))
        self.objects[upload["Key"]] = b"".join(self.parts)

    def abort_multipart_upload(self, **_: str) -> None:
        self.aborted += 1

    def get_object(self, Bucket: str, Key: str, Range: str = "") -> Any:  # noqa: N803
        self.fails(Key)
        if Key not in self.objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        if Range and not self.objects[Key]:
            raise ClientError({"Error": {"Code": "InvalidRange"}}, "GetObject")
        start, end = map(int, re.findall(r"\d+", Range)) if Range else (0, 10**9)
        return {"Body": io.BytesIO(self.objects[Key][start : end + 1])}

    def part(self, name: str) -> bytes:
        return self.objects[f"transfer/{NAME}/{name}"]


class Tables:
    """A database and the one connection to it: tables with so many rows, and what was done."""

    server_version = 170_005

    def __init__(self, rows: dict[str, int], versions: Sequence[int] = (0, 20160829170244)) -> None:
        self.rows = dict(rows)
        self.versions = versions
        self.others = 0
        self.large_objects = 0
        self.done: list[str] = []
        self.copied: dict[str, bytes] = {}
        self.before: Callable[[str], None] = lambda statement: None
        self._kept = dict(rows)
        self._answer: list[tuple[Any, ...]] = []

    def close(self) -> None:
        """What was not committed is gone."""
        self.rows = dict(self._kept)

    def cursor(self) -> Tables:
        return self

    def __enter__(self) -> Tables:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, statement: str | bytes, values: Sequence[Any] = ()) -> None:
        text = statement.decode() if isinstance(statement, bytes) else statement
        self.done.append(text)
        self.before(text)
        if not re.sub(r"--.*", "", text).strip():
            raise ProgrammingError("can't execute an empty query")
        self._answer = list(self._answers(text))

    def copy_expert(self, statement: str, rows: Any) -> None:
        table = re.sub(r"^COPY public\.(\w+).*\n", r"\1", statement)
        if table not in self.rows:
            raise ProgrammingError("no such table", "42P01")
        try:
            data = b"".join(iter(lambda: rows.read(5), b""))
        except Exception as error:
            raise OperationalError(f"COPY from stdin failed: {error}") from error
        self.copied[table] = data
        self.rows[table] = data.count(b"\n")

    def fetchone(self) -> tuple[Any, ...]:
        return self._answer[0]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._answer

    def _answers(self, text: str) -> Iterator[tuple[Any, ...]]:
        if "pg_tables" in text:
            yield from ((table,) for table in sorted(self.rows))
        elif "pg_stat_activity" in text:
            yield (self.others,)
        elif "largeobject" in text:
            yield (self.large_objects,)
        elif "pg_export_snapshot" in text:
            yield ("00000003-1",)
        elif "advisory_lock" in text:
            yield (True,)
        elif "SELECT version" in text:
            yield from ((str(version),) for version in self.versions)
        elif found := re.search(r'FROM public\."(\w+)"', text):
            number = self.rows[found[1]]
            yield (number > 0 if "EXISTS" in text else number,)
        elif text.startswith("DROP TABLE"):
            self.rows.clear()
        elif "CREATE TABLE" in text:
            for table in re.findall(r"CREATE TABLE public\.(\w+)", text):
                self.rows[table] = 0
        elif text == "COMMIT":
            self._kept = dict(self.rows)
        elif text == "nonsense":
            raise ProgrammingError("syntax error")


class Process:
    """``pg_dump``: what it says, and what it ends with."""

    def __init__(self, said: bytes, status: int = 0) -> None:
        self.stdout = io.BytesIO(said)
        self.status = status

    def wait(self) -> int:
        return self.status

    def kill(self) -> None:
        pass


def compressed(script: str = SCRIPT) -> bytes:
    return gzip.compress(script.encode(), mtime=0)
