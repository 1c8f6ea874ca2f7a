"""Reference cells are kept with their features and pictures, and everything can be undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dinocell_app.project.project import Project
from dinocell_app.project.references import CellPlace, CellType, ReferenceCell, ReferenceSet
from dinocell_app.references.types import ReferenceExample


def _cell(type_id: int, seed: int, *, positive: bool = True, place: CellPlace | None = None) -> ReferenceCell:
    random = np.random.default_rng(seed)
    crop = random.integers(0, 255, (5, 7)).astype(np.uint8)
    example = ReferenceExample(
        random.standard_normal(9).astype(np.float32), f"a.tif:{seed}", crop, f"c{seed}"
    )
    return ReferenceCell(0, type_id, positive, example, "ours", "a" * 64, place)


def _told(references: ReferenceSet) -> list[tuple[object, ...]]:
    return [
        (
            *(cell.id, cell.type_id, cell.positive, cell.place, cell.model_id, cell.model_sha256),
            *(cell.example.name, cell.example.source),
            cell.example.description.tolist(),
            cell.example.crop.tolist(),
        )
        for cell in references.cells
    ]


def test_cells_come_back_as_they_were_added(filled: Project) -> None:
    image = filled.images.all()[0]
    table = filled.references
    kind = table.add_type("round", "#aa00ff")
    place = CellPlace(image.id, 0, 2, 12, 7)
    added = [
        table.add(_cell(kind.id, 1, place=place)),
        table.add(_cell(kind.id, 2, positive=False)),
    ]
    filled.close()
    with Project.open(filled.folder) as again:
        found = again.references.all()
        assert found.types == (CellType(kind.id, "round", "#aa00ff"),)
        assert _told(found) == _told(ReferenceSet((), tuple(added)))
        assert [cell.place for cell in found.cells] == [place, None]


def test_names_and_colours_change_and_types_go_with_their_cells(project: Project) -> None:
    table = project.references
    first, second = table.add_type("a", "#000000"), table.add_type("b", "#111111")
    cell = table.add(_cell(first.id, 1))
    table.add(_cell(second.id, 2))
    table.rename(cell.id, "mitotic")
    table.change_type(CellType(second.id, "c", "#222222"))
    assert [c.example.name for c in table.all().cells] == ["mitotic", "c2"]
    assert table.all().types[1] == CellType(second.id, "c", "#222222")
    table.remove_type(second.id)
    assert [c.id for c in table.all().cells] == [cell.id]
    table.remove([cell.id])
    assert table.all().cells == ()


def test_everything_can_be_put_back(filled: Project, image_folder: Path) -> None:
    image, table = filled.images.all()[0], filled.references
    kind = table.add_type("a", "#000000")
    table.add(_cell(kind.id, 1, place=CellPlace(image.id, 0, 0, 1, 1)))
    table.add(_cell(kind.id, 2))
    before = table.all()
    table.remove_type(kind.id)
    table.add_type("other", "#ffffff")
    table.put_back(before)
    assert table.all().types == before.types
    assert _told(table.all()) == _told(before)


def test_cells_outlive_their_image(filled: Project) -> None:
    image, table = filled.images.all()[0], filled.references
    kind = table.add_type("a", "#000000")
    table.add(_cell(kind.id, 1, place=CellPlace(image.id, 0, 0, 1, 1)))
    before = table.all()
    filled.images.remove([image.id])
    assert table.all().cells[0].place is None
    table.put_back(before)
    assert table.all().cells[0].place is None
