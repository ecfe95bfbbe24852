"""The guides: every test on their pages passes, just as it is printed."""

import re
from pathlib import Path

import pytest

_BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["testing.md"])
def test_a_page_holds(page: str, checkout: Path, pytester: pytest.Pytester) -> None:
    blocks = _BLOCK.findall((checkout / "docs" / page).read_text())
    for name, code in blocks:
        (pytester.path / name).write_text(code)
    count = sum(code.count("def test_") for _, code in blocks)

    result = pytester.runpytest_subprocess("-q", "-W", "error", "-o", "asyncio_default_fixture_loop_scope=function")

    result.assert_outcomes(passed=count)
