from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from feedrec.errors import UsageError
from feedrec.formats.places.opening import store_at
from feedrec.formats.places.protection import Protection
from feedrec.formats.places.url_path import place_of

if TYPE_CHECKING:
    from tests.object_server import Bucket

_ARN = "arn:aws:kms:us-east-1:123456789012:key/abcd-1234"


def _heard(bucket: Bucket) -> list[dict[str, Any]]:
    """Return what the store is asked from now on."""
    heard: list[dict[str, Any]] = []
    bucket.server.answer = lambda environment: heard.append(dict(environment))
    return heard


def _is_signed(request: dict[str, Any], header: str) -> bool:
    signed = request["HTTP_AUTHORIZATION"].partition("SignedHeaders=")[2].partition(",")[0]
    return header in signed.split(";")


@pytest.mark.moto  # which takes any key for one of KMS
def test_what_is_written_is_asked_to_be_encrypted_and_given_with_a_signature(bucket: Bucket) -> None:
    """S3 refuses a header of its own that is not signed."""
    store = store_at(bucket.url, Protection("aws:kms", _ARN, "bucket-owner-full-control"))
    heard = _heard(bucket)
    store.create("x", b"content")
    (put,) = [request for request in heard if request["REQUEST_METHOD"] == "PUT"]
    for header, value in {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": _ARN,
        "x-amz-acl": "bucket-owner-full-control",
    }.items():
        assert put["HTTP_" + header.upper().replace("-", "_")] == value
        assert _is_signed(put, header)
    assert not any("HTTP_X_AMZ_ACL" in request for request in heard if request["REQUEST_METHOD"] == "HEAD")


def test_a_large_object_is_encrypted_while_it_is_in_parts_and_its_copy_has_the_acl_too(
    bucket: Bucket, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content")
    store = store_at(bucket.url, Protection("AES256", acl="bucket-owner-full-control"))
    heard = _heard(bucket)
    store.write_in_parts("parts", file)
    store.copy("parts", "x")
    begun = [request for request in heard if "uploads" in request["QUERY_STRING"]]
    assert [request["PATH_INFO"].rpartition("/")[2] for request in begun] == ["parts", "x"]
    assert [request.get("HTTP_X_AMZ_ACL") for request in begun] == [None, "bucket-owner-full-control"]
    assert {request["HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION"] for request in begun} == {"AES256"}
    for request in heard:
        asked = [name for name in request if name.startswith("HTTP_X_AMZ_")]
        assert all(_is_signed(request, name[5:].lower().replace("_", "-")) for name in asked)


@pytest.mark.parametrize(
    ("place", "protection", "said"),
    [
        ("folder", Protection("AES256"), "folder: encryption and access are asked of s3://"),
        ("gs://bucket", Protection(acl="private"), "gs://bucket: encryption"),
        ("s3://bucket", Protection("rot13"), "'rot13': no encryption of S3; there are AES256, aws:kms,"),
        ("s3://bucket", Protection(acl="all\x1b"), r"'all\\x1b': no access of S3; there are private,"),
        ("s3://bucket", Protection("AES256", _ARN), "a key of KMS needs the encryption aws:kms"),
        ("s3://bucket", Protection("aws:kms", "a\r\nb"), r"'a\\r\\nb': no id or ARN"),
    ],
)
def test_what_a_place_cannot_be_asked_is_refused(place: str, protection: Protection, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        store_at(place_of(place), protection)
