"""What the model would write: titles, captions, hooks and spoken words, drawn from small lists; and the page's own sample."""

from typing import NamedTuple

from simulator.jobs.chance import Draws


class Texts(NamedTuple):
    """The texts of one clip."""

    title: str
    tiktok: str
    instagram: str
    youtube: str
    hook: str


SAMPLE_STEM, SAMPLE_SOURCE_MS, SAMPLE_CALLS, SAMPLE_COST = "video_123", 180_000, 3, 0.0042
SAMPLE = (
    (
        45_200,
        23_300,
        87,
        Texts(
            "Mind-Blowing AI Secret!",
            "This AI trick will change everything! #ai #tech #viral",
            "You won't believe what AI can do now 🤯 #ai #tech #reels",
            "AI Secret That Shocked Everyone",
            "The secret nobody told you",
        ),
    ),
    (
        120_000,
        35_300,
        92,
        Texts(
            "This Changes Everything",
            "Wait for the ending 😱 #viral #mindblown",
            "The plot twist at the end! 🔥 #viral #trending",
            "The Ending Will Shock You",
            "Wait for it",
        ),
    ),
)
"""The clips of the status page: start, length, score and texts (fact openshorts.status.completed-sample)."""

TOPICS = (
    ("morning routine", "habits"), ("first customer", "startup"), ("sourdough", "baking"), ("small talk", "social"),
    ("cold shower", "health"), ("compound interest", "money"), ("guitar practice", "music"), ("night train", "travel"),
    ("tiny garden", "plants"), ("bug at 3 a.m.", "coding"), ("deep sea", "science"), ("job interview", "career"),
)  # fmt: skip
"""What a clip may be about, and the hashtag of it."""

_TITLES = (
    "The Truth About {topic}", "Why {topic} Beats Everything", "Nobody Talks About {topic}", "{topic}, Explained in a Minute",
    "I Was Wrong About {topic}", "What {topic} Taught Me",
)  # fmt: skip
_TIKTOKS = ("Wait for the last ten seconds 👀", "Save this before you forget it", "Which side are you on?")
_INSTAGRAMS = ("Send this to somebody who needs it 💬", "The part everyone skips ✨", "Watch it twice, then try it 🔁")
_HOOKS = ("Nobody expects this", "You have been doing it wrong", "This took me ten years", "Watch what happens")
_SPOKEN = (
    "So let me tell you how that began.", "And nobody in the room believed it.", "That is when it all changed.",
    "Try it for a week and see.", "I still think about that day.", "Here is the part that matters.",
)  # fmt: skip


def drawn_title(draws: Draws, *names: object) -> str:
    """Return a title about a topic of its own."""
    topic, _ = draws.one_of(TOPICS, *names, "topic")
    return _title(draws, topic, *names)


def drawn_texts(draws: Draws, at: int) -> Texts:
    """Return the texts of a clip: facts openshorts.clip.captions, openshorts.clip.youtube-title."""
    topic, tag = draws.one_of(TOPICS, at, "topic")
    return Texts(
        _title(draws, topic, at),
        f"{draws.one_of(_TIKTOKS, at, 'tiktok')} #{tag} #viral #fyp",
        f"{draws.one_of(_INSTAGRAMS, at, 'instagram')} #{tag} #reels #explore",
        _title(draws, topic, at, "youtube"),
        draws.one_of(_HOOKS, at, "hook"),
    )


def spoken(draws: Draws, at: int) -> str:
    """Return a sentence of the transcript."""
    return draws.one_of(_SPOKEN, "spoken", at)


def _title(draws: Draws, topic: str, *names: object) -> str:
    return draws.one_of(_TITLES, *names, "title").format(topic=topic.title())
