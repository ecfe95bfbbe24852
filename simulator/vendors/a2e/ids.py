"""MongoDB's ObjectIds, and whose they are."""

from functools import lru_cache

from simulator.jobs.chance import Draws

ID_PATTERN = "[0-9a-f]{24}"  # fact a2e.id.object-id
SAMPLE_KEY = "sk_0123456789abcdef0123456789abcdef"
_SAMPLE_USER = "637498294abbb165572d5dbe"  # whose tasks the vendor's pages show
_FIRST_USER_S, _LAST_USER_S = 1_640_995_200, 1_704_067_199  # 2022 and 2023


def object_id(at_ms: int, draws: Draws) -> str:
    """Return an ObjectId of an instant (facts a2e.id.object-id, a2e.id.time)."""
    return f"{at_ms // 1000:08x}{draws.hexadecimal(16, 'id')}"


@lru_cache(maxsize=4096)
def user_id(key: str) -> str:
    """Return the ObjectId of the user whose token this is (fact a2e.preview.user-id)."""
    if key == SAMPLE_KEY:
        return _SAMPLE_USER
    draws = Draws("a2e", "user", key)
    return object_id(draws.whole(_FIRST_USER_S, _LAST_USER_S, "since") * 1000, draws)
