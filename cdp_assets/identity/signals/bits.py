"""Reading a text of base64url as a row of bits, most significant first, as the IAB's strings are written."""

from __future__ import annotations

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


class UnreadableSignal(ValueError):
    """A signal's text is cut, or is not what its kind is made of. The message never quotes it."""


class Bits:
    """A reader over the bits of a base64url text; reading beyond the end raises UnreadableSignal."""

    def __init__(self, text: str) -> None:
        if not text or any(letter not in _VALUES for letter in text):
            raise UnreadableSignal("a part is empty or holds letters that base64url does not have")
        self._bits = "".join(f"{_VALUES[letter]:06b}" for letter in text)
        self._at = 0

    def integer(self, size: int) -> int:
        """The next `size` bits as a number."""
        if self._at + size > len(self._bits):
            raise UnreadableSignal("it ends before its fields do: it was cut")
        found = self._bits[self._at : self._at + size]
        self._at += size
        return int(found, 2)

    def fibonacci(self) -> int:
        """The next number in Fibonacci coding: a sum of Fibonacci numbers 1, 2, 3, 5 …, closed by two ones in a row."""
        total, low, high, before = 0, 1, 2, 0
        while True:
            bit = self.integer(1)
            if bit and before:
                return total
            total += low if bit else 0
            low, high, before = high, low + high, bit
