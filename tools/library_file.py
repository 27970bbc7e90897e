"""What a built shared library asks of the machine that loads it, read from the file itself."""

from pathlib import Path
from typing import NamedTuple

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.sections import SymbolTableSection


class LibraryFile(NamedTuple):
    """Needs and offers of a shared library."""

    needed: list[str]  # sonames
    glibc: tuple[int, int]  # the newest version of glibc that a symbol asks for
    exported: list[str]
    imported: list[str]


def read(path: Path) -> LibraryFile:
    """Read the dynamic section, the version needs and the dynamic symbols of an ELF file."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        needed: list[str] = []
        exported: list[str] = []
        imported: list[str] = []
        glibc = (0, 0)
        for section in elf.iter_sections():
            if isinstance(section, DynamicSection):
                needed += [vars(tag)["needed"] for tag in section.iter_tags() if tag.entry.d_tag == "DT_NEEDED"]
            elif isinstance(section, GNUVerNeedSection):
                glibc = max([glibc, *_glibc_versions(section)])
            elif isinstance(section, SymbolTableSection) and section.name == ".dynsym":
                for symbol in section.iter_symbols():
                    outside = symbol.entry.st_shndx == "SHN_UNDEF"
                    if symbol.name:
                        (imported if outside else exported).append(symbol.name)
    return LibraryFile(needed, glibc, sorted(exported), sorted(imported))


def _glibc_versions(section: GNUVerNeedSection) -> list[tuple[int, int]]:
    names = [auxiliary.name for _, versions in section.iter_versions() for auxiliary in versions]
    numbers = [name.removeprefix("GLIBC_").split(".") for name in names if name.startswith("GLIBC_2")]
    return [(int(number[0]), int(number[1])) for number in numbers]
