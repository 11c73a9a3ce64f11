"""What the packages say of themselves, as an index shows it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

from sandbox import ROOT

PACKAGES = {"linktor": ROOT / "bindings-python", "linktor-sandbox": ROOT / "tests" / "sandbox"}
pytestmark = pytest.mark.skipif(shutil.which("cargo") is None, reason="maturin asks cargo for the version")


@pytest.fixture(params=PACKAGES)
def described(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    command = [sys.executable, "-m", "maturin", "pep517", "write-dist-info", "--metadata-directory", str(tmp_path)]
    subprocess.run(command, cwd=PACKAGES[request.param], capture_output=True, check=True)
    (described,) = tmp_path.iterdir()
    return described


def metadata(described: Path) -> Message:
    return message_from_string((described / "METADATA").read_text(encoding="utf-8"))


def test_the_licence_is_in_the_wheel(described: Path) -> None:
    said = metadata(described)
    assert (said["License-Expression"], said.get_all("License-File")) == ("Apache-2.0", ["LICENSE"])
    assert (described / "licenses" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_links_of_the_readme_work_anywhere(described: Path) -> None:
    page = "https://github.com/linktor/linktor-sdk/blob/main/"
    for link in re.findall(r"\]\(([^)]+)\)", str(metadata(described).get_payload())):
        assert link.startswith(("https://", "#")), link
        assert not link.startswith(page) or (ROOT / link.removeprefix(page)).exists(), link


@pytest.mark.parametrize("described", ["linktor"], indirect=True)
def test_the_versions_of_python_are_named(described: Path) -> None:
    named = [
        one.removeprefix("Programming Language :: Python :: ") for one in metadata(described).get_all("Classifier", [])
    ]
    assert [one for one in named if one.startswith("3.")] == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    assert "\n```sh\npip install linktor\n" in str(metadata(described).get_payload())
