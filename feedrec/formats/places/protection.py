"""How a bucket is asked to keep what is written: encrypted, and for whom."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from ...errors import UsageError
from .url_path import UrlPath

__all__ = ["ACLS", "ENCRYPTIONS", "Protection", "check_protection"]

ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")
"""What `x-amz-server-side-encryption` may be: by keys of S3, of KMS, of KMS twice (S3 API Reference, PutObject)."""

ACLS = (
    "private",
    "bucket-owner-full-control",
    "bucket-owner-read",
    "authenticated-read",
    "aws-exec-read",
    "public-read",
)
"""The canned ACLs of objects (S3 User Guide, Access control list overview), without the one that lets all write."""

_KMS_KEY = re.compile(r"[A-Za-z0-9:/_.-]{1,2048}", re.ASCII)


class Protection(NamedTuple):
    """
    What is asked of S3 with all that is written; nothing by default, so that what the bucket does by itself holds.

    Attributes:
        encryption: One of `ENCRYPTIONS`, or empty.
        key: The id or ARN of the key in KMS; empty for the one of the account.
        acl: One of `ACLS`, or empty.

    """

    encryption: str = ""
    key: str = ""
    acl: str = ""

    def headers(self) -> dict[str, str]:
        """Return what asks for the ACL: the encryption is a setting of obstore."""
        return {"x-amz-acl": self.acl} if self.acl else {}

    def settings(self) -> dict[str, str]:
        """Return what obstore calls the encryption."""
        named = {"server_side_encryption": self.encryption, "sse_kms_key_id": self.key}
        return {name: value for name, value in named.items() if value}


def check_protection(place: Path, protection: Protection) -> None:
    """
    See that a place can be asked for it.

    Raises:
        UsageError: If it is not in S3, or its parts do not go together.

    """
    encryption, key, acl = protection
    if protection == Protection():
        return
    if not isinstance(place, UrlPath) or place.scheme != "s3":
        raise UsageError(f"{place}: encryption and access are asked of s3://, not of other places")
    if encryption and encryption not in ENCRYPTIONS:
        raise UsageError(f"{encryption!a}: no encryption of S3; there are {', '.join(ENCRYPTIONS)}")
    if acl and acl not in ACLS:
        raise UsageError(f"{acl!a}: no access of S3; there are {', '.join(ACLS)}")
    if key and not encryption.startswith("aws:kms"):
        raise UsageError("a key of KMS needs the encryption aws:kms or aws:kms:dsse")
    if key and not _KMS_KEY.fullmatch(key):
        raise UsageError(f"{key!a}: no id or ARN of a key of KMS")
