"""A notebook and the text beside it say the same."""

from pathlib import Path

import jupytext
import pytest

NOTEBOOKS = sorted(Path(__file__).parent.glob('*.ipynb'))


@pytest.mark.parametrize('notebook', NOTEBOOKS, ids=lambda path: path.stem)
def test_pair(notebook):
    cells, text = (jupytext.read(path).cells for path in (notebook, notebook.with_suffix('.py')))
    assert [(cell.cell_type, cell.source) for cell in cells] == [(cell.cell_type, cell.source) for cell in text]
