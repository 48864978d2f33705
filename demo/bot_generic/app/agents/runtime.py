"""The agents: small deterministic programs that answer text and say how many tokens that took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Agent:
    """`answer` turns the user's text into the agent's; `delay` is how long it thinks, in seconds."""

    id: str
    description: str
    answer: Callable[[str], str]
    delay: float = 0.0


def _summary(text: str) -> str:
    words = text.split()
    return " ".join(words[:12]) + (" …" if len(words) > 12 else "")


AGENTS = {
    agent.id: agent
    for agent in (
        Agent("echo", "says what it is told", str),
        Agent("summary", "shortens a text to its first words", _summary, delay=0.15),
        Agent("count", "counts words", lambda text: f"{len(text.split())} words"),
    )
}


class AgentRuntime:
    """Runs agents in this process."""

    async def invoke(self, agent: Agent, params: Mapping[str, Any]) -> dict[str, Any]:
        """`{"text": …, "usage": {"prompt_tokens", "completion_tokens", "total_tokens"}}`."""
        prompt = str(params.get("input", ""))
        await asyncio.sleep(agent.delay)
        text = agent.answer(prompt)
        asked, answered = _tokens(f"{agent.description} {prompt}"), _tokens(text)
        usage = {"prompt_tokens": asked, "completion_tokens": answered, "total_tokens": asked + answered}
        return {"text": text, "usage": usage}


def _tokens(text: str) -> int:
    """About four characters make a token."""
    return -(-len(text) // 4)


agent_runtime = AgentRuntime()
