"""Build the one wheel of this platform into `dist/` and give it the oldest manylinux tag that it may carry."""

import platform
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from tools import library_file

ROOT = Path(__file__).resolve().parents[1]
OLDEST_TAG = (2, 17)  # the first manylinux tag of this form that every pip in use knows
LIBRARY = "weft/native/libweft.so"


def oldest_platform(wheel: Path) -> str:
    """The manylinux tag for the newest glibc symbol that the library in this wheel needs."""
    with TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        needs = library_file.read(Path(archive.extract(LIBRARY, folder)))
    major, minor = max(needs.glibc, OLDEST_TAG)
    return f"manylinux_{major}_{minor}_{platform.machine()}"


def build(folder: Path) -> Path:
    """Build the wheel into `folder` and give its path."""
    pip = [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation"]
    with TemporaryDirectory() as fresh:
        subprocess.run([*pip, "--wheel-dir", fresh, str(ROOT)], check=True)
        (wheel,) = Path(fresh).glob("weft-*.whl")
        tags = [sys.executable, "-m", "wheel", "tags", "--remove", "--platform-tag", oldest_platform(wheel)]
        subprocess.run([*tags, str(wheel)], check=True, stdout=subprocess.DEVNULL)
        (wheel,) = Path(fresh).glob("weft-*.whl")
        folder.mkdir(exist_ok=True)
        target = folder / wheel.name
        target.write_bytes(wheel.read_bytes())
    return target


if __name__ == "__main__":
    built = build(ROOT / "dist")
    print(f"{built.relative_to(ROOT)}, {built.stat().st_size / 2**20:.1f} MiB")
