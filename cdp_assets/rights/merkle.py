"""The Merkle tree hash of RFC 6962, section 2.1: one value that stands for a list of files and their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def root(leaves: Sequence[bytes]) -> str:
    """MTH over the leaves, hex; of an empty list the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").hexdigest()
    return _hash(leaves).hex()


def _hash(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)  # the largest power of two below the number of leaves
    return hashlib.sha256(b"\1" + _hash(leaves[:split]) + _hash(leaves[split:])).digest()
