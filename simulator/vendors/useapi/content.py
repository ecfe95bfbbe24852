"""The bot's message, which a job repeats in ``content``."""

import re
from functools import lru_cache
from typing import NamedTuple

from simulator.jobs.chance import Draws
from simulator.jobs.snapshot import Snapshot
from simulator.vendors.useapi.discord import hexadecimal, snowflake
from simulator.vendors.useapi.lifecycle import ANSWERED
from simulator.vendors.useapi.verbs import VERBS

_IDNAMES = re.compile(r"([A-Za-z0-9]{1,10}(?:\+[A-Za-z0-9]{1,10}){0,2}),")
_FIRST_USER_MS = 1_577_836_800_000  # 2020-01-01, when the first of our Discord users signed up


class Prompt(NamedTuple):
    """A headshot's prompt as the bot takes it; ``saved_id`` is ``""`` where the prompt begins with no idname."""

    saved_id: str
    rest: str

    @property
    def idnames(self) -> tuple[str, ...]:
        """The idnames, several where faces are blended."""
        return tuple(self.saved_id.split("+")) if self.saved_id else ()


class Message(NamedTuple):
    """One message of the bot: the one that a command is answered with, or the one that brings the result."""

    name: str
    at_ms: int


def split_prompt(prompt: str) -> Prompt:
    """Part a prompt at its first comma, if an idname stands before it.

    Facts useapi.content.saveid, useapi.bot.idname-rule, useapi.headshot.unknown-idname, useapi.headshot.default-idname.
    """
    match = _IDNAMES.match(prompt)
    return Prompt(match[1], prompt[match.end() :].lstrip()) if match else Prompt("", prompt)


def message(shot: Snapshot) -> Message | None:
    """Return the bot's last message; None before it has answered, and where it never did (fact useapi.job.message)."""
    if shot.gave_up:
        return None
    if shot.succeeded:
        return Message("result", shot.entry.at_ms)
    entries = shot.job.entries[: shot.position + 1]
    return next((Message("answer", entry.at_ms) for entry in entries if entry.word in ANSWERED), None)


def bot_job_id(draws: Draws) -> str:
    """Return the bot's own id of a job (fact useapi.content.bot-jobid)."""
    return hexadecimal(draws.prefix, 32, "bot's job")


def content(shot: Snapshot, created_at_ms: int) -> str:
    """Word the message as it stands.

    Facts useapi.content.reflects, useapi.content.mention, useapi.content.headshot, useapi.content.other-verbs,
    useapi.credits.remaining.
    """
    job, verb = shot.job, VERBS[shot.job.operation]
    mention = f"<@{_discord_user(job.bound['channel.discord'])}>"
    if not verb.title:
        return f"{mention} {verb.says.format_map({'idnames': '', **job.bound, **job.fields})}"
    texts = {name: job.fields[name] for name in verb.texts if name in job.fields}
    saved_id = ""
    if "prompt" in texts:
        prompt = split_prompt(texts["prompt"])
        saved_id, texts["prompt"] = prompt.saved_id or job.bound.get("idname", ""), prompt.rest
    marks = [f"[jobid: {bot_job_id(job.draws)}]", f"[credits: {int(job.plan.price)}]"]
    marks += [f"[{name}: '{text}']" for name, text in texts.items()]
    marks.append(f"[time: <t:{(created_at_ms + 500) // 1000}:f>]")  # fact useapi.content.time
    if saved_id:
        marks.append(f"[SaveID: '{saved_id}']")
    marks.append(f"({int(job.credits_left)}/{int(job.credits_total)} credits remaining)")
    return f"{mention}  Picsi.Ai {verb.title} Job Submitted {' '.join(marks)}{_progress(shot)}"


def _progress(shot: Snapshot) -> str:
    """Return the remark that each sweep rewrites; an end without a result leaves it (fact useapi.content.progress)."""
    shown = shot.job.entries[: shot.position + 1]
    if shot.succeeded or not any(entry.word == "progress" for entry in shown):
        return ""
    return f" ({min(round(100 * shot.progress), 99)}%)"


@lru_cache(maxsize=1024)
def _discord_user(token: str) -> str:
    """Return the Discord user behind a token."""
    draws = Draws("useapi", "discord user", token)
    return snowflake(_FIRST_USER_MS + draws.whole(0, 10**11, "since"), draws, "user")
