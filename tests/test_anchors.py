"""Rule 38: anchors, the file outside the database that says where the audit once stood."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.errors import StartError
from app.files.anchors import KEPT, Anchor, AnchorFile
from app.files.locked import held, require_usable

KEY = bytes(range(32))
NOW = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)


def an_anchor(seq: int) -> Anchor:
    return Anchor(seq, f"{seq:064x}", NOW + timedelta(seconds=seq))


@pytest.fixture
def file(tmp_path: Path) -> AnchorFile:
    return AnchorFile(tmp_path / "a.anchors", KEY)


def test_rule_38_anchors_are_read_as_they_were_written(file: AnchorFile) -> None:
    assert file.read().anchors == ()
    for seq in (1, 5, 9):
        file.write(an_anchor(seq))
    assert file.read().anchors == (an_anchor(1), an_anchor(5), an_anchor(9))
    assert file.read().changed == 0
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_rule_38_a_line_that_was_cut_short_at_the_end_is_left_out_and_spoils_nothing(file: AnchorFile) -> None:
    for seq in (1, 2):
        file.write(an_anchor(seq))
    whole = file.path.read_bytes()
    file.path.write_bytes(whole[:-20])
    assert (file.read().anchors, file.read().changed) == ((an_anchor(1),), 0)
    file.write(an_anchor(3))
    assert (file.read().anchors, file.read().changed) == ((an_anchor(1), an_anchor(3)), 0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b'"seq":2', b'"seq":3'),
        lambda line: line[:50] + b"\n" + line[50:],
        lambda _line: b"{}",
        lambda _line: b"[1]",
        lambda _line: b"\xff" * 600,
        lambda line: line.replace(b'"hmac":"', b'"hmac":"x'),
    ],
    ids=["another number", "two lines", "empty", "a list", "no text", "no seal"],
)
def test_rule_38_a_changed_line_counts_as_changed(file: AnchorFile, spoil: Callable[[bytes], bytes]) -> None:
    for seq in (1, 2, 3):
        file.write(an_anchor(seq))
    lines = file.path.read_bytes().splitlines()
    lines[1] = spoil(lines[1])
    file.path.write_bytes(b"\n".join(lines) + b"\n")
    found = file.read()
    assert found.anchors == (an_anchor(1), an_anchor(3))
    assert found.changed >= 1
    aside = file.set_aside()
    assert aside.read_bytes() == b"\n".join(lines) + b"\n"
    assert (file.read().anchors, file.read().changed) == ((an_anchor(1), an_anchor(3)), 0)


def test_rule_38_another_key_reads_none_of_them(file: AnchorFile) -> None:
    file.write(an_anchor(1))
    found = AnchorFile(file.path, bytes(reversed(KEY))).read()
    assert (found.anchors, found.changed) == ((), 1)


def test_rule_38_the_file_does_not_grow_without_end_and_keeps_the_newest(
    file: AnchorFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.files.anchors.KEPT", 10)
    monkeypatch.setattr("app.files.anchors._REWRITE_AT", 20)
    sizes = []
    for seq in range(1, 101):
        file.write(an_anchor(seq))
        sizes.append(len(file.read().anchors))
    assert max(sizes) <= 22
    assert min(sizes[20:]) == 10
    assert file.read().anchors[-1] == an_anchor(100)
    assert KEPT == 1000
    assert [path.name for path in file.path.parent.iterdir()] == [file.path.name]


def test_rule_38_several_writers_share_the_file(file: AnchorFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.files.anchors.KEPT", 150)
    monkeypatch.setattr("app.files.anchors._REWRITE_AT", 170)
    monkeypatch.setattr("app.files.locked.LOCK_WAIT", 60.0)  # the last of four may wait for long on a slow machine

    def write(begin: int) -> None:
        mine = AnchorFile(file.path, KEY)
        for seq in range(begin, begin + 50):
            mine.write(an_anchor(seq))

    threads = [threading.Thread(target=write, args=(begin,)) for begin in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = file.read()
    assert found.changed == 0
    assert {a.seq for a in found.anchors} <= {b + n for b in (0, 100, 200, 300) for n in range(50)}
    assert len(found.anchors) >= 150


def test_rule_38_a_writer_does_not_wait_for_ever(file: AnchorFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.files.locked.LOCK_WAIT", 0.05)
    with held(file.path), pytest.raises(BlockingIOError):
        file.write(an_anchor(1))


def test_rule_38_a_place_that_cannot_be_written_is_one_line_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"nowhere/a cannot be written: .* with GATEHOUSE_ANCHORS"):
        require_usable(tmp_path / "nowhere" / "a", "GATEHOUSE_ANCHORS")
    with pytest.raises(StartError, match="cannot be written"):
        require_usable(tmp_path, "GATEHOUSE_ANCHORS")
