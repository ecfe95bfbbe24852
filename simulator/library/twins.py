"""The JSON twin of an OpenAPI file in YAML."""

import msgspec
import yaml


def build_twin(content: bytes) -> bytes:
    """Return an OpenAPI file in YAML as JSON; dates stay the texts they look like, and so do yes and no."""
    return msgspec.json.encode(yaml.load(content, Loader=_Loader))  # noqa: S506  a safe loader


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's idea of what is no text."""


def _is_text(tag: str, first: str) -> bool:
    return tag.endswith(":timestamp") or (tag.endswith(":bool") and first in tuple("yYnNoO"))


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not _is_text(tag, first)]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
