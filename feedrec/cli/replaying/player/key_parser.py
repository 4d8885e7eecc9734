"""
Which keys were pressed, by the bytes that a terminal sends. Pure.

A key that is a character comes as that character, any other as an escape sequence: ESC `[`, parameters, a final byte
(ECMA-48, 5.4), or ESC `O` and one byte (SS3; "application cursor keys" of xterm, DECCKM). Reads may cut a sequence
anywhere. Nobody can tell a sequence that is cut from the key Esc but by the time that passes, so whoever reads says
when nothing more has come for a moment.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["KeyParser"]

_ESC, _DEL, _BACKSPACE = 0x1B, 0x7F, 0x08
_CANCEL = (0x18, 0x1A)  # CAN and SUB end any sequence
_BELL = 0x07
_STRINGS = b"]P^_X"  # after ESC: OSC, DCS, PM, APC, SOS, which go on up to ST (ESC \) or, in practice, BEL
_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}

_State = Literal["ground", "escape", "csi", "one more", "ss3", "string"]


class KeyParser:
    """Takes bytes, and gives keys: a printable character of ASCII, or `up`, `down`, `right`, `left`, `backspace`."""

    def __init__(self) -> None:
        self._state: _State = "ground"
        self._has_parameters = False

    @property
    def is_within(self) -> bool:
        """Whether a sequence has begun that is not complete."""
        return self._state != "ground"

    def feed(self, data: bytes) -> list[str]:
        """Take the next bytes; return the keys that they complete. What is no key that is known gives nothing."""
        return [key for byte in data if (key := self._take(byte)) is not None]

    def rest(self) -> None:
        """Note that nothing more has come for a moment: what has begun was no sequence, such as the key Esc."""
        self._state = "ground"

    def _take(self, byte: int) -> str | None:
        if byte == _ESC:
            self._state = "escape"
            return None
        if byte in _CANCEL and self._state != "ground":
            self._state = "ground"
            return None
        match self._state:
            case "ground":
                return _character(byte)
            case "escape":
                self._begin(byte)
            case "csi":
                return self._take_csi(byte)
            case "ss3":
                self._state = "ground"
                return _ARROWS.get(chr(byte))
            case "one more":
                self._state = "ground"
            case "string" if byte == _BELL:
                self._state = "ground"
        return None

    def _begin(self, byte: int) -> None:
        """Take the byte after ESC; anything but a sequence is a key with Alt, or the end of a string."""
        self._has_parameters = False
        if byte == ord("["):
            self._state = "csi"
        elif byte == ord("O"):
            self._state = "ss3"
        else:
            self._state = "string" if byte in _STRINGS else "ground"

    def _take_csi(self, byte: int) -> str | None:
        if byte == ord("[") and not self._has_parameters:  # F1 to F5 of the console of Linux: ESC [ [ A
            self._state = "one more"
        elif 0x20 <= byte < 0x40:  # parameters and intermediate bytes
            self._has_parameters = True
        else:
            self._state = "ground"
            if not self._has_parameters:
                return _ARROWS.get(chr(byte))
        return None


def _character(byte: int) -> str | None:
    if byte in (_DEL, _BACKSPACE):
        return "backspace"
    return chr(byte) if 0x20 <= byte < _DEL else None
