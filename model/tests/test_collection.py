"""`collect` against a local web server: every good picture is kept once and every bad URL reported, even with interruptions."""
import csv
import io
import os
import pathlib
import signal
import subprocess
import sys
import time
import zlib
from collections import Counter

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("aiohttp", reason="collecting needs the extra 'collect'")
from web import FAULTS, Web, picture  # noqa: E402

from clothing_model import cli, duplicates  # noqa: E402
from clothing_model.collect import collection, download, manifest, sources  # noqa: E402
from clothing_model.errors import PipelineError  # noqa: E402

FAST = ["--rate", "2000", "--together", "8", "--parallel", "32", "--tries", "2", "--timeout", "3", "--bytes", "1000000"]


@pytest.fixture
def web():
    with Web() as running:
        yield running


def rows(file: pathlib.Path) -> list[dict]:
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def photos(out: pathlib.Path) -> list[pathlib.Path]:
    return sorted((out / "photos").glob("*/*"))


def write_urls(file: pathlib.Path, entries: list[tuple[str, str]]) -> pathlib.Path:
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows([("url", "label", "author", "licence"), *((url, label, "Ada", "CC0") for url, label in entries)])
    return file


def check(out: pathlib.Path, good: dict[str, int], bad: set[str]) -> None:
    """Checks that each good picture is stored once, with its row, that each bad URL is reported once, and that there is no more."""
    kept, refused = rows(out / "manifest.csv"), rows(out / "refused.csv")
    assert Counter(row["url"] for row in kept) == Counter(list(good))
    assert Counter(row["url"] for row in refused) == Counter(list(bad))
    assert all(row["reason"] for row in refused)
    assert [str(path.relative_to(out / "photos")) for path in photos(out)] == sorted(f"{row['label']}/{row['file']}" for row in kept)
    for row in kept:
        expected, found = (duplicates.fingerprint(np.asarray(Image.open(file).convert("RGB"))) for file in
                           (io.BytesIO(picture(good[row["url"]])), out / "photos" / row["label"] / row["file"]))
        assert duplicates.distances(expected, found[None])[0] <= 6, row["url"]


def thousand(web: Web) -> tuple[list[tuple[str, str]], dict[str, int], set[str]]:
    """800 good URLs on six hosts, 160 with faults, and 40 that give a picture for the second time."""
    good = {web.url(f"photo/{i}", 1 + i % 6): i for i in range(800)}
    bad = {web.url(f"fault/{FAULTS[i % len(FAULTS)]}/{10_000 + i}", 1 + i % 5) for i in range(160)}
    bad = {url if "unresolved" not in url else url.replace(f":{web.port}", ":9") for url in bad}
    twice = [web.url(f"copy/{'same' if i % 2 else 'smaller'}/{i * 20}", 7) for i in range(40)]
    entries = [(url, ("hat", "bag", "scarf")[i % 3]) for i, url in enumerate([*good, *bad])]
    order = np.random.default_rng(5).permutation(len(entries))
    return [*(entries[i] for i in order), *((url, "bag") for url in twice)], good, bad | set(twice)


def test_a_thousand_urls_killed_and_resumed(web, tmp_path):
    """The copies come last and from a host of their own, so that it is known which of two pictures comes first."""
    entries, good, bad = thousand(web)
    first, last = write_urls(tmp_path / "a.csv", entries[:960]), write_urls(tmp_path / "b.csv", entries)
    command = [sys.executable, "-m", "clothing_model", "collect", "--out", tmp_path / "out", "--each", "1000", *FAST]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for least in (150, 400):  # killed twice, in mid-work
        process = subprocess.Popen([*command, "--urls", first], env=environment, stdout=subprocess.DEVNULL)
        while process.poll() is None and len(photos(tmp_path / "out")) < least:
            time.sleep(0.01)
        assert process.poll() is None, "it finished before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 400 <= len(photos(tmp_path / "out")) < 800
    asked = web.asked.copy()
    settled = {row["url"] for row in rows(tmp_path / "out" / "manifest.csv")}
    subprocess.run([*command, "--urls", first], env=environment, check=True)
    assert all(web.asked[path] == asked[path] for url in settled if (path := "/" + url.split("/", 3)[3]).startswith("/photo/"))
    finished = subprocess.run([*command, "--urls", last], env=environment, check=True, capture_output=True, text=True)
    check(tmp_path / "out", good, bad)
    assert "800 photos" in finished.stdout
    reasons = {row["url"]: row["reason"] for row in rows(tmp_path / "out" / "refused.csv")}
    for fault, words in {"missing": "404", "broken": "500", "html": "text/html", "html-as-jpeg": "HTML", "truncated": "damaged",
                         "text": "not a readable picture", "empty": "empty", "tiny": "smaller", "endless": "over", "huge": "over",
                         "loop": "loop", "chain": "redirects", "nowhere": "without an address", "silent": "nothing received",
                         "reset": "broke", "forbidden": "robots.txt", "script": "not a web address", "again": "429", "same": "the same file",
                         "smaller": "the same picture"}.items():
        found = [reason for url, reason in reasons.items() if f"/{fault}/" in url]
        assert found and all(words in reason for reason in found), (fault, set(found))


def test_files_left_by_a_kill_are_recovered(web, tmp_path):
    out, urls = tmp_path / "out", write_urls(tmp_path / "urls.csv", [(web.url(f"photo/{i}"), "hat") for i in (0, 1, 2)])
    cli.main(["collect", "--out", str(out), "--urls", str(urls), *FAST])
    first, second, third = (out / "photos" / "hat" / row["file"] for row in rows(out / "manifest.csv"))
    first.rename(first.with_name(f".{first.name}.part"))  # killed before the photo got its name
    content = (out / "manifest.csv").read_bytes()
    (out / "manifest.csv").write_bytes(content[:-9])  # killed in the middle of the last row
    third.rename(third.with_name(f".{third.name}.part"))
    (out / "refused.csv").write_bytes((out / "refused.csv").read_bytes() + b"http://half")
    cli.main(["collect", "--out", str(out), "--urls", str(urls), *FAST])
    assert len(photos(out)) == 3 and Counter(row["url"] for row in rows(out / "manifest.csv")).total() == 3
    assert rows(out / "refused.csv") == []


def test_only_temporary_failures_are_retried_by_the_next_run(web, tmp_path):
    urls = write_urls(tmp_path / "urls.csv", [(web.url("photo/0"), "hat"), (web.url("fault/missing/1"), "hat"),
                                              (web.url("fault/broken/2"), "hat")])
    command = ["collect", "--out", str(tmp_path / "out"), "--urls", str(urls), *FAST]
    cli.main(command)
    cli.main(command)
    assert web.asked["/fault/missing/1"] == 1 and web.asked["/fault/broken/2"] == 4 and web.asked["/photo/0"] == 1
    assert len(rows(tmp_path / "out" / "refused.csv")) == 2


def test_searches_keep_authors_and_licences(web, tmp_path):
    command = ["collect", "hat=straw hat", "scarf=red scarf", "--out", str(tmp_path / "out"), "--contact", "https://example.org/me",
               "--openverse", web.url("v1/images/"), "--commons", web.url("w/api.php", 4), "--each", "70", *FAST]
    web.pages = {"straw hat": 1000, "red scarf": 1030}  # the last 30 photos of one are the first 30 of the other
    cli.main(command)
    kept = rows(tmp_path / "out" / "manifest.csv")
    counts = Counter(row["label"] for row in kept)
    assert counts == {"hat": 70, "scarf": 30} and len(photos(tmp_path / "out")) == 100
    assert all(row["label"] == "hat" for row in kept if row["url"].endswith("photo/1040"))  # found for both; the first label keeps it
    assert {row["source"] for row in kept} == {"openverse/flickr", "commons"}
    by_url = {row["url"].rpartition("/")[2]: row for row in kept}
    assert by_url["1003"]["author"] == 'Ada, "the Lens"' and by_url["1003"]["licence"] == "cc by-sa 2.0"
    assert by_url["1002"]["licence"] == "cc0 2.0" and by_url["1002"]["page"] == "https://photos.example/1002"
    assert by_url["2000"]["author"] == "Bo & Co 0" and by_url["2000"]["licence"] == "CC BY-SA 4.0"
    assert "2002" not in by_url  # a drawing, not a photo
    assert all(agent.startswith("clothing-model-collect/") and "https://example.org/me" in agent for agent in web.agents)
    asked = web.asked.copy()
    cli.main(command)
    assert web.asked == asked, "a finished collection makes no requests"


def test_no_more_is_fetched_than_asked_for(web, tmp_path):
    urls = write_urls(tmp_path / "urls.csv", [(web.url(f"photo/{i}", 1 + i % 6), "hat") for i in range(60)])
    cli.main(["collect", "--out", str(tmp_path / "out"), "--urls", str(urls), "--each", "10", *FAST])
    assert len(photos(tmp_path / "out")) == 10
    assert sum(count for path, count in web.asked.items() if path.startswith("/photo/")) <= 12  # one was asked to retry later


def test_retry_after_is_respected(web, tmp_path):
    web.busy = 1
    urls = write_urls(tmp_path / "urls.csv", [(web.url(f"photo/{i}"), "hat") for i in (0, 1)])
    began = time.monotonic()
    cli.main(["collect", "--out", str(tmp_path / "out"), "--urls", str(urls), *FAST, "--together", "1"])
    assert len(photos(tmp_path / "out")) == 2 and time.monotonic() - began > 0.9


def test_requests_to_one_host_are_spaced_out(web, tmp_path):
    urls = write_urls(tmp_path / "urls.csv", [(web.url(f"photo/{i}"), "hat") for i in (0, 1, 2, 5)])
    cli.main(["collect", "--out", str(tmp_path / "out"), "--urls", str(urls), *FAST, "--rate", "8"])
    gaps = np.diff(sorted(web.times))
    assert len(gaps) == 4 and gaps.min() > 0.11  # robots.txt and four photos


def test_large_photos_are_shrunk_and_lose_their_metadata(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010f] = 6, "camera"
    file = tmp_path / "large.jpg"
    Image.open(io.BytesIO(picture(1, 900))).save(file, exif=exif)
    prepared = collection.prepare(file.read_bytes(), max_side=300, min_side=64)
    kept = Image.open(io.BytesIO(prepared.jpeg))
    assert kept.size == (prepared.width, prepared.height) == (225, 300) and not kept.getexif()


def test_avif_photos_are_stored_as_jpeg():
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture(1, 300))).save(buffer, "AVIF")
    prepared = collection.prepare(buffer.getvalue(), max_side=300, min_side=64)
    assert Image.open(io.BytesIO(prepared.jpeg)).format == "JPEG" and (prepared.width, prepared.height) == (300, 225)


def test_a_decompression_bomb_is_refused_before_decoding():
    def chunk(kind, content):
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")

    header = (50_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    with pytest.raises(download.Refused, match="pixels"):
        collection.prepare(bomb, 1024, 64)


@pytest.mark.parametrize("content, label, expected", [
    ("url,label\nhttp://a/1,hat\n", None, [("hat", "http://a/1")]),
    ("Label;URL\n;;\nhat;http://a/1,2\n", None, [("hat", "http://a/1,2")]),
    ("http://a/url;x\n", "hat", [("hat", "http://a/url;x")]),
    ("\ufeffhttp://a/1\n\nhttp://a/2\n", "hat", [("hat", "http://a/1"), ("hat", "http://a/2")]),
])
def test_lists_of_urls(content, label, expected, tmp_path):
    file = tmp_path / "urls.csv"
    file.write_text(content)
    assert [(candidate.label, candidate.url) for candidate in sources.from_list(file, label)] == expected


@pytest.mark.parametrize("arguments, words", [
    (["hat"], "LABEL=PHRASE"), (["hat=a hat"], "--contact"), (["hat=a hat", "--contact", "me"], "--contact"), ([], "nothing to collect"),
    (["../up=a hat", "--contact", "a@b.c"], "name of a folder"), (["--urls", "hat=none.csv"], "none.csv"),
])
def test_wrong_arguments_are_reported(arguments, words, tmp_path):
    with pytest.raises(SystemExit, match=words.replace("(", "\\(")):
        cli.main(["collect", "--out", str(tmp_path / "out"), *arguments])


def test_phrases_from_a_file(tmp_path):
    file = tmp_path / "phrases.toml"
    file.write_text('[phrases]\nhat = ["straw hat", "felt hat"]\n"tea pot" = ["teapot"]\n')
    assert collection.read_phrases(file) == [("hat", "straw hat"), ("hat", "felt hat"), ("tea pot", "teapot")]
    file.write_text('[phrases]\nhat = "straw hat"\n')
    with pytest.raises(PipelineError, match="list of phrases"):
        collection.read_phrases(file)


def test_only_one_process_can_collect_into_a_folder(tmp_path):
    store = collection.Store(tmp_path, duplicates.NEAR)
    with pytest.raises(PipelineError, match="another process"):
        collection.Store(tmp_path, duplicates.NEAR)
    store.close()
    collection.Store(tmp_path, duplicates.NEAR).close()


def test_manifests_keep_unusual_characters(tmp_path):
    log = manifest.Log(tmp_path / "manifest.csv", manifest.COLUMNS)
    log.append({"label": "hat", "file": "a.jpg", "author": 'A "B", C\nD', "title": "=1+1\r\n"})
    (row,) = manifest.read(tmp_path / "manifest.csv")
    assert row["author"] == 'A "B", C D' and row["title"] == "=1+1"


@pytest.mark.parametrize("value, seconds", [("3", 3), (None, None), ("soon", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0)])
def test_retry_after(value, seconds):
    assert download.retry_after(value) == seconds


def test_a_full_disk_is_reported_and_loses_nothing(web, tmp_path, monkeypatch):
    urls = write_urls(tmp_path / "urls.csv", [(web.url(f"photo/{i}"), "hat") for i in (0, 1, 2)])
    command = ["collect", "--out", str(tmp_path / "out"), "--urls", str(urls), *FAST]
    append = manifest.Log.append

    def full(log, row):
        if row.get("url", "").endswith("photo/1"):
            raise OSError(28, "No space left on device")
        append(log, row)

    with monkeypatch.context() as patch:
        patch.setattr(manifest.Log, "append", full)
        with pytest.raises(SystemExit, match="No space left"):
            cli.main(command)
    cli.main(command)
    check(tmp_path / "out", {web.url(f"photo/{i}"): i for i in (0, 1, 2)}, set())
