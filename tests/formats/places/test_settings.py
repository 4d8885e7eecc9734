from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from feedrec.errors import UsageError
from feedrec.formats.places.object_store import ObjectStore
from feedrec.formats.places.patience import Patience
from feedrec.formats.places.protection import Protection
from feedrec.formats.places.settings import check_address, client_settings, credentials_of, store_settings
from feedrec.formats.places.url_path import UrlPath, place_of

if TYPE_CHECKING:
    from tests.object_server import Bucket


def _url(text: str) -> UrlPath:
    place = place_of(text)
    assert isinstance(place, UrlPath)
    return place


@pytest.fixture
def profiles(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have two profiles in the files of AWS, and nothing else that gives access, once the bucket is known."""
    assert bucket
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    keys = "aws_access_key_id = KEY{0}\naws_secret_access_key = secret\n"
    (tmp_path / "credentials").write_text(f"[default]\n{keys.format(1)}[other]\n{keys.format(2)}")
    (tmp_path / "config").write_text("[profile other]\nregion = eu-north-1\n[profile empty]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def _credential(bucket: Bucket) -> str:
    """Return the credential that a request is signed with."""
    heard: list[dict[str, Any]] = []
    bucket.server.answer = heard.append
    ObjectStore(bucket.url, Protection(), Patience(attempts=1)).find("x")
    return str(heard[0].get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].partition(",")[0]


@pytest.mark.parametrize(
    ("profile", "key", "region"), [("", "KEY1", "us-east-1"), ("other", "KEY2", "eu-north-1")], ids=["default", "other"]
)
@pytest.mark.moto  # which takes any keys, and none
@pytest.mark.usefixtures("profiles")
def test_the_keys_and_the_region_of_a_profile_are_used(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, profile: str, key: str, region: str
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    if profile:
        monkeypatch.setenv("AWS_PROFILE", profile)
    given, date, where, *_ = _credential(bucket).split("/")
    assert (given, len(date), where) == (key, 8, region)
    monkeypatch.setenv("AWS_REGION", "ap-east-1")
    assert _credential(bucket).split("/")[2] == "ap-east-1"


@pytest.mark.moto  # which takes any keys, and none
@pytest.mark.usefixtures("profiles")
def test_keys_of_the_environment_go_before_a_profile(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "other")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY3")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert _credential(bucket).startswith("KEY3/")


@pytest.mark.moto  # which takes any keys, and none
def test_a_public_bucket_is_asked_without_any(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    assert _credential(bucket) == ""


@pytest.mark.usefixtures("profiles")
def test_a_profile_without_boto3_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert credentials_of(_url("s3://b")) is None
    monkeypatch.setenv("AWS_PROFILE", "other")
    with pytest.raises(UsageError, match=r"s3://b: AWS_PROFILE needs boto3: pip install 'feedrec\[profiles\]'"):
        credentials_of(_url("s3://b"))


@pytest.mark.parametrize(("profile", "said"), [("none", "could not be found"), ("empty", "has no credentials")])
@pytest.mark.usefixtures("profiles")
def test_a_profile_that_gives_nothing_is_said_so(monkeypatch: pytest.MonkeyPatch, profile: str, said: str) -> None:
    monkeypatch.setenv("AWS_PROFILE", profile)
    with pytest.raises(UsageError, match=f"s3://b: AWS_PROFILE='{profile}': .*{said}"):
        credentials_of(_url("s3://b"))


def test_plain_http_is_used_only_where_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ALLOW_HTTP", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store:9000")
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL is plain http: set AWS_ALLOW_HTTP=true if that is meant"):
        check_address(_url("s3://b"))
    check_address(_url("gs://b"))
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    check_address(_url("s3://b"))
    assert client_settings(_url("s3://b"))["allow_http"] == "true"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "store:9000")
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL_S3 is no URL"):
        check_address(_url("s3://b"))
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", "http://azurite:10000")
    with pytest.raises(UsageError, match="set AZURE_ALLOW_HTTP=true"):
        check_address(_url("az://c"))
    assert client_settings(_url("http://host/x")) == {"allow_http": True}
    assert client_settings(_url("https://host/x")) == {}


def test_r2_copies_conditionally_in_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "KEY")
    assert store_settings(_url("s3://b")) == {"copy_if_not_exists": "multipart"}
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://account.r2.cloudflarestorage.com")
    assert store_settings(_url("s3://b"))["copy_if_not_exists"].startswith("header:cf-copy-destination-if-none-match")
    monkeypatch.setenv("AWS_COPY_IF_NOT_EXISTS", "header:x:y")
    assert store_settings(_url("s3://b")) == {"copy_if_not_exists": "header:x:y"}
    assert store_settings(_url("gs://b")) == {}
