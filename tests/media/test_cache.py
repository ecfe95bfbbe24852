"""Made files are kept within a bound."""

from concurrent.futures import ThreadPoolExecutor

from simulator.jobs.files import Output, plan_output
from simulator.media.cache import MadeFiles


def _output(seed: str, path: str = "a.png") -> Output:
    return plan_output(path, "image/png", 64, 64, seed=seed, size_bytes=50_000)


def test_a_file_is_made_once() -> None:
    made = MadeFiles()

    assert made.get(_output("seed")) is made.get(_output("seed"))


def test_the_same_content_at_another_path_is_the_same_file() -> None:
    made = MadeFiles()

    assert made.get(_output("seed", "here.png")) is made.get(_output("seed", "there.png"))


def test_the_file_longest_unasked_for_goes_first() -> None:
    one_bytes = MadeFiles().get(_output("first")).held_bytes
    made = MadeFiles(most_bytes=2 * one_bytes)
    first, second = made.get(_output("first")), made.get(_output("second"))

    made.get(_output("first"))
    made.get(_output("third"))

    assert made.get(_output("first")) is first
    assert made.get(_output("second")) is not second


def test_what_is_held_stays_within_the_bound() -> None:
    made = MadeFiles(most_bytes=1000)

    for number in range(20):
        made.get(_output(f"{number}"))

    assert 0 < made.held_bytes <= 1000
    assert len(made) < 20


def test_a_file_too_large_to_keep_is_still_made() -> None:
    made = MadeFiles(most_bytes=10)

    assert made.get(_output("seed")).size_bytes == 50_000
    assert len(made) == 0


def test_threads_share_the_files() -> None:
    made = MadeFiles()

    with ThreadPoolExecutor(8) as threads:
        files = list(threads.map(lambda number: made.get(_output(f"{number % 5}")), range(200)))

    assert len({file.etag for file in files}) == len(made) == 5
    assert made.held_bytes == sum({file.etag: file.held_bytes for file in files}.values())
