"""Which regular expressions a scenario may use, and that the worst of them take no time to speak of."""

import re
import time

import pytest

from simulator.jobs.patterns import wrong_with
from simulator.library.rules import LONGEST_TEXT

GOOD = [
    "", "^", "|", "cat", "^(film|plain)$", r"\b(fail|moderated|stuck)\b", "(?i)order-[0-9]+", "(a|b)*c$", "^a.*b.*c",
    "([0-9]{4}-)+x", "(a{3}){3}", "(ab|cd)(ef|gh)?.*x", r"(.)\1", "(a)?(?(1)b|c)", "(?=.*x)y", "(.{2000}){2000}",
    "(a.*|b.*)", r"https?://[^/]+/",
]  # fmt: skip
BAD = [
    ("(", "is no regular expression"),
    ("(a+)+$", "a repeat inside a repeat"),
    ("(a|b|ab)*c", "an alternative inside a repeat"),
    ("(foo|bar)+", "an alternative inside a repeat"),
    ("((a+))*", "a repeat inside a repeat"),
    ("(a?b?)+", "a repeat inside a repeat"),
    ("(?:.*){2}", "a repeat inside a repeat"),
    ("(a{1,500}){1,500}", "a repeat inside a repeat"),
    ("(?=(a+)+)", "a repeat inside a repeat"),
    ("(a)?((?(1)b|c))+", "an alternative inside a repeat"),
    ("a.*b.*c", "begin with ^, or write a glob"),
    ("^a.*b.*c.*", "a glob such as"),
    ("(?m)^a.*b.*", "2 of .*"),
    ("^a|.*b.*", "2 of .*"),
    (r"(.*)\1", "2 of .*"),
    ("x{0,4000}y{0,4000}z", "2 of .*"),
    ("a?" * 10, "1024 ways"),
    ("(a|a)" * 10, "1024 ways"),
    ("(one|two|three)" * 4, "81 ways"),
]


@pytest.mark.parametrize("pattern", GOOD)
def test_a_pattern_that_cannot_take_long_is_welcome(pattern: str) -> None:
    assert wrong_with(pattern) == ""


@pytest.mark.parametrize(("pattern", "words"), BAD)
def test_a_pattern_that_might_take_for_ever_is_refused(pattern: str, words: str) -> None:
    assert words in wrong_with(pattern)


@pytest.mark.parametrize("pattern", [*GOOD, "^.*.*x", "^[ab]*[ab]*c", "(a|ab)(b|ab)(a|ab)(b|ab).*c"])
@pytest.mark.parametrize("text", ["a", "ab", "aab", "x1", "2026-"])
def test_what_is_welcome_is_quick_whatever_is_sent(pattern: str, text: str) -> None:
    sent = (text * LONGEST_TEXT)[:LONGEST_TEXT]

    began = time.process_time()
    re.search(pattern, sent)

    assert wrong_with(pattern) == ""
    assert time.process_time() - began < 2  # the bad ones take years; these take milliseconds
